/** For the tests: what a healthy Redis trio with its Sentinels and wardens says of itself, to be changed at one point. */
import { type Configuration, configurationSchema } from '@holdfast/configuration';
import type { InSyncRecord } from '@holdfast/ha-core';
import type { RedisEvidence } from '../doctor/redis-checks.ts';
import type { NodeEvidence, SentinelEvidence } from '../redis/node-evidence.ts';
import type { RedisTopology } from '../redis/read-topology.ts';

const HOST = '127.0.0.1';
const at = (port: number) => ({ host: HOST, port });

export const ENDPOINTS = ['127.0.0.1:7001', '127.0.0.1:7002', '127.0.0.1:7003'] as const;
export const RECORD: InSyncRecord = {
  term: 4,
  change: 2,
  primary: ENDPOINTS[0],
  members: [ENDPOINTS[1], ENDPOINTS[2]],
  writes: 90,
};

/** The `redis` part of a configuration with three of each. */
export function redisConfiguration(): Configuration['redis'] {
  return configurationSchema.shape.redis.parse({
    nodes: [1, 2, 3].map((n) => ({ name: `redis-${n}`, ...at(7000 + n) })),
    sentinels: [1, 2, 3].map((n) => ({ name: `sentinel-${n}`, ...at(7010 + n) })),
    wardens: [1, 2, 3].map((n) => ({
      name: `warden-${n}`,
      node: `redis-${n}`,
      peer: at(7020 + n),
      health: at(7030 + n),
    })),
  });
}

/** A node's answers; redis-1 is the primary. */
export function nodeEvidence(n: number, more: Partial<NodeEvidence> = {}): NodeEvidence {
  const replicas = [2, 3].map((other) => ({ endpoint: `${HOST}:${7000 + other}`, offset: 1000 }));
  return {
    node: { name: `redis-${n}`, ...at(7000 + n) },
    refuses: undefined,
    role:
      n === 1
        ? { is: 'primary', offset: 1000, replicas }
        : { is: 'replica', of: ENDPOINTS[0], link: 'connected', offset: 1000 },
    record: RECORD,
    info: new Map(Object.entries({ loading: '0', aof_enabled: '1', maxmemory: '1000', used_memory: '100' })),
    clockAheadMs: 3,
    failovers: [],
    ...more,
  };
}

/** A node's answers with other fields of INFO. */
export function withInfo(n: number, fields: Record<string, string>): NodeEvidence {
  const one = nodeEvidence(n);
  return { ...one, info: new Map([...one.info, ...Object.entries(fields)]) };
}

export function sentinelEvidence(n: number, more: Partial<SentinelEvidence> = {}): SentinelEvidence {
  return {
    node: { name: `sentinel-${n}`, ...at(7010 + n) },
    refuses: undefined,
    names: ENDPOINTS[0],
    flags: ['master'],
    quorum: { reached: true, said: 'OK 3 usable Sentinels' },
    tiltForS: undefined,
    replicas: new Map([
      [ENDPOINTS[1], ['slave']],
      [ENDPOINTS[2], ['slave']],
    ]),
    others: new Map(),
    ...more,
  };
}

/** The topology in which all is well. */
export function healthyTopology(): RedisTopology {
  return {
    toldBy: 'warden-1',
    primary: ENDPOINTS[0],
    inSync: { level: 'full', term: 4, change: 2, members: RECORD.members, needed: RECORD.members },
    nodes: [1, 2, 3].map((n) => ({
      name: `redis-${n}`,
      endpoint: `${HOST}:${7000 + n}`,
      role: n === 1 ? 'primary' : 'replica',
      of: n === 1 ? null : ENDPOINTS[0],
      link: n === 1 ? null : 'connected',
      offset: 1000,
      lagBytes: n === 1 ? null : 0,
      lagMs: n === 1 ? null : 0,
      priority: n === 1 ? 0 : 100,
      inSync: n !== 1,
      record: { ...RECORD, members: [...RECORD.members] },
    })),
    sentinels: [1, 2, 3].map((n) => ({
      name: `sentinel-${n}`,
      endpoint: `${HOST}:${7010 + n}`,
      names: ENDPOINTS[0],
      down: [],
      quorum: { reached: true, said: 'OK 3 usable Sentinels' },
    })),
    wardens: [1, 2, 3].map((n) => ({
      name: `warden-${n}`,
      node: `redis-${n}`,
      endpoint: `${HOST}:${7030 + n}`,
      answers: true,
      detail: 'linked to the others',
    })),
    waits: null,
    pressed: false,
    failovers: [],
  };
}

/** All of it. */
export function healthyEvidence(more: Partial<RedisEvidence> = {}): RedisEvidence {
  return {
    redis: redisConfiguration(),
    profile: 'fast',
    topology: healthyTopology(),
    wardens: new Map(),
    nodes: [1, 2, 3].map((n) => nodeEvidence(n)),
    sentinels: [1, 2, 3].map((n) => sentinelEvidence(n)),
    reasonInLog: () => undefined,
    putAside: () => [],
    ...more,
  };
}
