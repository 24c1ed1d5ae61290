/** Redis as people see it: the level is a word, not a colour alone. */
import { expect, it } from 'vitest';
import { ENDPOINTS, healthyTopology } from '../testing/redis-evidence.ts';
import { painter } from './paint.ts';
import { showRedis } from './show-redis.ts';

const plain = painter(false);

it('shows the set, the nodes, the Sentinels and the last failovers', () => {
  const at = Date.UTC(2026, 0, 2, 3, 4, 5);
  const failover = {
    from: ENDPOINTS[1],
    to: ENDPOINTS[0],
    term: 4,
    cause: 'does not answer',
    by: 'warden-3',
    asked: true,
    tookMs: 213,
    at,
  };
  expect(showRedis({ ...healthyTopology(), failovers: [failover] }, plain)).toEqual([
    'in-sync set: full (redis-2, redis-3), term 4, change 2 (told by warden-1)',
    'redis    role     set      priority  offset  behind     link',
    'redis-1  primary           0         1000',
    'redis-2  replica  in sync  100       1000    0 B, 0 ms  connected to redis-1',
    'redis-3  replica  in sync  100       1000    0 B, 0 ms  connected to redis-1',
    '',
    'sentinel    names    quorum   sees down',
    'sentinel-1  redis-1  reached',
    'sentinel-2  redis-1  reached',
    'sentinel-3  redis-1  reached',
    '',
    'last failovers            from     to       term  took    cause            asked or seen by',
    '2026-01-02T03:04:05.000Z  redis-2  redis-1  4     213 ms  does not answer  warden-3',
  ]);
});

it.each([
  ['degraded', [ENDPOINTS[2]], 'in-sync set: DEGRADED, redis-3 alone, term 4, change 2 (told by warden-1)'],
  ['none', [], 'in-sync set: none, nothing is acknowledged, term 4, change 2 (told by warden-1)'],
  [
    'none',
    [ENDPOINTS[1]],
    'in-sync set: none, nothing is acknowledged while one of redis-2 is not connected, term 4, change 2 (told by warden-1)',
  ],
] as const)('says %s with %j', (level, needed, line) => {
  const topology = healthyTopology();
  const changed = { ...topology, inSync: { ...topology.inSync, level, needed } };
  expect(showRedis(changed, plain)[0]).toBe(line);
});

it('says why nobody is primary, and where it knows it from', () => {
  const topology = {
    ...healthyTopology(),
    primary: null,
    toldBy: null,
    waits: { why: 'redis-1 is missing', missing: [] },
  };
  expect(showRedis(topology, plain)[0]).toBe(
    'in-sync set: none, no node is primary: redis-1 is missing (no warden answers; asked the nodes)',
  );
});

it('says when a machine is short of processors', () => {
  const line = showRedis({ ...healthyTopology(), pressed: true }, plain)[1];
  expect(line).toMatch(/^processors are short: /);
  expect(showRedis(healthyTopology(), plain).join('\n')).not.toContain('processors');
});
