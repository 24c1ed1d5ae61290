/**
 * The simulated side of the three ports: Host, Network and RedisNode over a world of virtual time, with seeded chance
 * and faults; Redis and Sentinel by their own rules.
 */
export { createChance } from './world/chance.ts';
export { createVirtualNetwork } from './world/virtual-network.ts';
export { type VirtualProcess, WORLD_WALL_MS } from './world/virtual-process.ts';
export { createWire, type Wire } from './world/wire.ts';
export { createWorld, type World, type WorldOptions } from './world/world.ts';
export {
  createRedisCluster,
  type RedisCluster,
  type RedisClusterOptions,
  type RedisStart,
} from './redis/redis-cluster.ts';
export type { RedisSettings } from './redis/server-state.ts';
export { createVirtualRedisNodes } from './redis/virtual-redis-nodes.ts';
export { choosable, firstOf } from './sentinel/choice.ts';
export type { SentinelState } from './sentinel/state.ts';
