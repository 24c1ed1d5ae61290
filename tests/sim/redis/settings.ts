/** How the nodes of a simulated system are set: as in our own redis.conf. */
import { configurationSchema } from '@holdfast/configuration';
import { profile, type ProfileName } from '@holdfast/ha-core';
import type { RedisSettings } from '@holdfast/simulation';
import { redisConf } from '@holdfast/topology';

/** What Redis itself has where our redis.conf says nothing. */
const REDIS_DEFAULTS: RedisSettings = {
  'min-replicas-to-write': 0,
  'min-replicas-max-lag': 10,
  'replica-priority': 100,
  'repl-timeout': 60,
  'repl-ping-replica-period': 10,
  maxmemory: 0,
};

/** The settings of our redis.conf that the simulated Redis knows. */
export function settingsOf(name: ProfileName): RedisSettings {
  const nodes = [1, 2, 3].map((index) => ({ name: `redis-${index}`, host: '127.0.0.1', port: 6378 + index }));
  const sentinels = [1, 2, 3].map((index) => ({
    name: `sentinel-${index}`,
    host: '127.0.0.1',
    port: 26378 + index,
  }));
  const [node] = nodes;
  if (node === undefined) throw new Error('there is no node');
  const redis = configurationSchema.shape.redis.parse({ nodes, sentinels });
  const text = redisConf({ node, folder: '/data', redis, numbers: profile(name) });
  const lines = text.split('\n').map((line) => line.split(' '));
  const said = Object.keys(REDIS_DEFAULTS).flatMap((setting) => {
    const value = lines.find(([word]) => word === setting)?.[1];
    return value === undefined ? [] : [[setting, Number(value)] as const];
  });
  // Nothing here comes near the limit, and to count the bytes of each write takes longer than all else.
  return { ...REDIS_DEFAULTS, ...Object.fromEntries(said), maxmemory: 0 };
}
