/** The simulated broker and terminal, for simulations and tests. */
export * from './broker/broker.ts';
export * from './broker/fault-menu.ts';
export * from './broker/ledger.ts';
export * from './broker/recorded-bars.ts';
export * from './broker/requests.ts';
export * from './broker/symbols.ts';
export * from './link/broker-link.ts';
export * from './link/broker-server.ts';
export * from './link/remote-broker.ts';
export * from './terminal/journal.ts';
export * from './terminal/journal-file.ts';
export * from './terminal/journal-record.ts';
export * from './terminal/terminal.ts';
