/** The command line's parts, for its tests. */
export * from './program.ts';
