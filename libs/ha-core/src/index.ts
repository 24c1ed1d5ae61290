/** Holdfast's rules: pure, without I/O, clocks or chance. A folder a rule; see ARCHITECTURE.md for the map. */
export * from './constants.ts';
export * from './order/intent.ts';
export * from './order/outcome.ts';
export * from './order/position.ts';
export * from './order/record.ts';
export * from './order/return-codes.ts';
export * from './in-sync-set/in-sync-set.ts';
export * from './ports/host.ts';
export * from './ports/network.ts';
export * from './ports/redis-node.ts';
export * from './signal/decimal.ts';
export * from './signal/identity.ts';
export * from './signal/signal.ts';
