/** The bridge between an engine and the terminals: protocol, and the engine's side of its sessions. */
export * from './codec.ts';
export * from './commands.ts';
export * from './fields.ts';
export * from './listener.ts';
export * from './messages.ts';
export * from './open-session.ts';
export * from './proof.ts';
export * from './rows.ts';
export * from './session.ts';
