/** `@holdfast/redis/testing`: real Redis for the tests of every package above this one. Never for the product. */
export { type RealRedis, type RealRedisOptions, startRealRedis } from './real-redis.ts';
export { type RedisPair, startRedisPair } from './redis-pair.ts';
export { freePort, freePorts, redisServer } from './redis-server.ts';
