/** `@holdfast/topology/testing`: real nodes and Sentinels as this package configures them, for tests above it. */
export { ask, type RealTrio, startTrio, trioFolder, until } from './real-trio.ts';
export { as, PASSWORDS, run } from './users.ts';
