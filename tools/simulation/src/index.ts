/**
 * The simulated side of the three ports: Host, Network and RedisNode over a world of virtual time, with seeded chance
 * and faults; and a launcher of real Redis processes, for tests that hold the one to the other.
 */
export { createChance } from './world/chance.ts';
export { createVirtualNetwork } from './world/virtual-network.ts';
export { type VirtualProcess, WORLD_WALL_MS } from './world/virtual-process.ts';
export { createWire, type Wire } from './world/wire.ts';
export { createWorld, type World, type WorldOptions } from './world/world.ts';
export { createRedisCluster, type RedisCluster, type RedisClusterOptions } from './redis/redis-cluster.ts';
export { createVirtualRedisNodes } from './redis/virtual-redis-nodes.ts';
