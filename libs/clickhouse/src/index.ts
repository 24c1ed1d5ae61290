/** The long-term store: ClickHouse with its migrations. */
export * from './result-archive.ts';
