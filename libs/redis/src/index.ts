/** Everything that Holdfast asks of Redis. */
export * from './acknowledged-writer.ts';
export * from './announcement.ts';
export * from './functions.ts';
export * from './instance-state.ts';
export * from './keys.ts';
export * from './lease-store.ts';
export * from './node.ts';
export * from './primary-connection.ts';
export * from './primary.ts';
export * from './replies.ts';
export * from './result-feed.ts';
export * from './role.ts';
export * from './signal-follower.ts';
export * from './signal-inbox.ts';
export * from './trade-journal.ts';
export * from './writes.ts';
