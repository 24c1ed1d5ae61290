/** Everything that Holdfast asks of Redis. */
export * from './acknowledged-writer.ts';
export * from './functions.ts';
export * from './keys.ts';
export * from './node.ts';
export * from './primary.ts';
export * from './role.ts';
export * from './writes.ts';
