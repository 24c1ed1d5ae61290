/** What a cluster consists of, as plain values and texts: the CLI, units, stacks and tests all derive from here. */
export * from './cluster-nodes.ts';
export * from './listening-points.ts';
export * from './quoted.ts';
export * from './redis-conf.ts';
export * from './redis-topology.ts';
export * from './redis-users.ts';
export * from './sentinel-conf.ts';
