/** Virtual time and a network in memory: what tests of the bridge and of the simulated terminal run on. */
export * from './memory-network.ts';
export * from './virtual-host.ts';
