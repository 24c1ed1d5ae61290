/** The result store: DuckDB with its migrations, snapshots and checks. One process opens it: sync. */
export * from './check.ts';
export * from './database.ts';
export * from './push-store.ts';
export * from './result-store.ts';
export * from './snapshot.ts';
export * from './whole-database.ts';
