/** Each thing that doctor knows to be wrong with Redis: what it says, and that it says nothing while all is well. */
import { describe, expect, it } from 'vitest';
import type { NodeEvidence, SentinelEvidence } from '../redis/node-evidence.ts';
import type { RedisTopology } from '../redis/read-topology.ts';
import {
  ENDPOINTS,
  healthyEvidence,
  healthyTopology,
  nodeEvidence,
  RECORD,
  sentinelEvidence,
  withInfo,
} from '../testing/redis-evidence.ts';
import type { Check } from './check.ts';
import { adviceFor, redisChecks, type RedisEvidence } from './redis-checks.ts';
import { sentinelChecks, wardenChecks } from './sentinel-checks.ts';

const findings = (evidence: RedisEvidence): readonly Check[] => [
  ...redisChecks(evidence),
  ...sentinelChecks(evidence),
  ...wardenChecks(evidence),
];
const wrong = (evidence: RedisEvidence): string[] =>
  findings(evidence)
    .filter(({ result }) => result !== 'ok')
    .map(({ result, about, found }) => `${result} ${about}: ${found}`);

const withNode = (one: NodeEvidence): Partial<RedisEvidence> => ({
  nodes: [1, 2, 3].map((n) => (one.node.name === `redis-${n}` ? one : nodeEvidence(n))),
});
const withSentinels = (...ones: SentinelEvidence[]): Partial<RedisEvidence> => ({
  sentinels: [1, 2, 3].map(
    (n) => ones.find(({ node }) => node.name === `sentinel-${n}`) ?? sentinelEvidence(n),
  ),
});
const seenAs = (n: number, more: Partial<RedisTopology['nodes'][number]>): RedisTopology => {
  const topology = healthyTopology();
  return {
    ...topology,
    nodes: topology.nodes.map((node) => (node.name === `redis-${n}` ? { ...node, ...more } : node)),
  };
};
const withSet = (more: Partial<RedisTopology['inSync']>): RedisTopology => {
  const topology = healthyTopology();
  return { ...topology, inSync: { ...topology.inSync, ...more } };
};
const withoutWardens = (...names: string[]): RedisTopology => {
  const topology = healthyTopology();
  return {
    ...topology,
    wardens: topology.wardens.map((row) =>
      names.includes(row.name) ? { ...row, answers: false, detail: 'connection refused' } : row,
    ),
  };
};

it('has nothing to say while all is well, but what it looked at', () => {
  expect(wrong(healthyEvidence())).toEqual([]);
  expect(findings(healthyEvidence()).map(({ about }) => about)).toEqual([
    'in-sync set',
    'redis-1',
    'redis-2',
    'redis-3',
    'sentinel-1',
    'sentinel-2',
    'sentinel-3',
    'warden-1',
    'warden-2',
    'warden-3',
  ]);
});

const REFUSES = (refuses: string): NodeEvidence =>
  nodeEvidence(3, { refuses, role: undefined, record: undefined, info: new Map() });

const CASES: readonly (readonly [string, Partial<RedisEvidence>, string])[] = [
  [
    'two nodes that claim to be primary',
    withNode(
      nodeEvidence(2, {
        role: { is: 'primary', offset: 1, replicas: [] },
        record: { ...RECORD, term: 5, primary: ENDPOINTS[1] },
      }),
    ),
    'fail primary: 2 nodes say that they are primary: redis-1 (term 4, its record speaks for redis-1), redis-2 (term 5, its record speaks for redis-2); redis-2 is the later one',
  ],
  [
    'no primary, and the wardens wait',
    {
      nodes: [2, 3].map((n) => nodeEvidence(n)),
      topology: {
        ...healthyTopology(),
        primary: null,
        waits: { why: 'it may not be the newest', missing: [ENDPOINTS[0]] },
      },
    },
    'fail primary: no node is primary: it may not be the newest',
  ],
  [
    'a degraded set',
    { topology: withSet({ level: 'degraded', needed: [ENDPOINTS[1]] }) },
    'warn in-sync set: DEGRADED: redis-2 alone (term 4, change 2)',
  ],
  [
    'a member that is not connected',
    { topology: withSet({ level: 'none' }) },
    'fail in-sync set: none: nothing is acknowledged (of redis-2, redis-3 at least one is not connected; term 4, change 2)',
  ],
  [
    'a record that speaks for another',
    withNode(nodeEvidence(1, { record: { ...RECORD, primary: ENDPOINTS[2] } })),
    'fail in-sync record: on redis-1 it speaks for redis-3 (term 4)',
  ],
  [
    'a record with a member that nobody knows',
    withNode(nodeEvidence(1, { record: { ...RECORD, members: ['10.0.0.9:1'] } })),
    'fail in-sync record: names 10.0.0.9:1, which the configuration does not',
  ],
  [
    'an old set record on a replica',
    withNode(nodeEvidence(3, { record: { ...RECORD, term: 3 } })),
    'warn redis-3: holds an old set record (term 3, change 2; the primary has term 4, change 2)',
  ],
  [
    'a wrong password',
    withNode(REFUSES('127.0.0.1:7003: WRONGPASS invalid username-password pair')),
    'fail redis-3 (127.0.0.1:7003): refuses the password (WRONGPASS)',
  ],
  [
    'a missing password',
    withNode(REFUSES('NOAUTH Authentication required.')),
    'fail redis-3 (127.0.0.1:7003): asks for a password, and the configuration names none (NOAUTH)',
  ],
  [
    'a node that does not answer',
    withNode(REFUSES('connect ECONNREFUSED')),
    'fail redis-3 (127.0.0.1:7003): does not answer: connect ECONNREFUSED',
  ],
  [
    'loading',
    withNode(withInfo(3, { loading: '1', loading_loaded_perc: '41.20', loading_eta_seconds: '7' })),
    'warn redis-3: loads its data, 41 % are there',
  ],
  [
    'a disk that cannot be written',
    withNode(withInfo(1, { aof_last_write_status: 'err' })),
    'fail redis-1: cannot write its append-only file (it answers MISCONF): the disk is full or fails',
  ],
  [
    'no append-only file',
    withNode(withInfo(2, { aof_enabled: '0' })),
    'fail redis-2: writes no append-only file: what it has is gone when its machine loses power',
  ],
  [
    'a failed rewrite',
    withNode(withInfo(1, { aof_last_bgrewrite_status: 'err' })),
    'warn redis-1: the last rewrite of its append-only file failed: the file grows on',
  ],
  [
    'a failed snapshot',
    withNode(withInfo(1, { rdb_last_bgsave_status: 'err' })),
    'warn redis-1: its last snapshot (RDB) failed; the append-only file still holds everything',
  ],
  [
    'memory from 70 % on',
    withNode(withInfo(1, { used_memory: '704' })),
    'warn redis-1: memory at 70.4 % of maxmemory: signals that open are refused from 70 % on; closes go on',
  ],
  [
    'memory at its end',
    withNode(withInfo(1, { used_memory: '1001' })),
    'fail redis-1: memory at 100.1 % of maxmemory: no signal is accepted; results still finish',
  ],
  [
    'no limit of memory',
    withNode(withInfo(1, { maxmemory: '0' })),
    'warn redis-1: has no maxmemory: it can take all memory of its machine',
  ],
  [
    'a clock that is ahead',
    withNode(nodeEvidence(2, { clockAheadMs: 1500 })),
    "warn redis-2: its wall clock is 1.5 s ahead of this machine's",
  ],
  [
    'a clock that is behind',
    withNode(nodeEvidence(2, { clockAheadMs: -61_000 })),
    "warn redis-2: its wall clock is 61.0 s behind this machine's",
  ],
  [
    'a replica of another',
    withNode(nodeEvidence(3, { role: { is: 'replica', of: ENDPOINTS[1], link: 'connected', offset: 9 } })),
    'fail redis-3: follows redis-2, and redis-1 is the primary',
  ],
  [
    'a link that is down',
    withNode(nodeEvidence(3, { role: { is: 'replica', of: ENDPOINTS[0], link: 'connect', offset: 9 } })),
    'fail redis-3: its link to redis-1 is not up (connect)',
  ],
  [
    'a replica that lags',
    { topology: seenAs(3, { lagMs: 2400, lagBytes: 77 }) },
    'warn redis-3: 2.4 s (77 bytes) behind redis-1',
  ],
  [
    'a replica that is not in the set',
    { topology: seenAs(3, { inSync: false, priority: 0 }) },
    'warn redis-3: not in the in-sync set (priority 0)',
  ],
  [
    'a member that is not promotable',
    { topology: seenAs(3, { priority: 0 }) },
    'warn redis-3: in the set, and not promotable yet (priority 0)',
  ],
  [
    'a Sentinel that names nobody',
    withSentinels(sentinelEvidence(2, { names: '127.0.0.1:9999' })),
    'fail sentinel-2: names 127.0.0.1:9999 as primary, a node that does not exist in the configuration',
  ],
  [
    'Sentinels that disagree',
    withSentinels(sentinelEvidence(2, { names: ENDPOINTS[1] })),
    'fail sentinels: they disagree about the primary: sentinel-1 and sentinel-3 name redis-1; sentinel-2 names redis-2',
  ],
  [
    'a Sentinel with a strange replica',
    withSentinels(sentinelEvidence(1, { replicas: new Map([['127.0.0.1:9', ['slave']]]) })),
    'warn sentinel-1: knows 127.0.0.1:9 as a replica, which the configuration does not name',
  ],
  [
    'no quorum',
    withSentinels(sentinelEvidence(3, { quorum: { reached: false, said: 'NOQUORUM 1 usable Sentinels' } })),
    'fail sentinel-3: no quorum: NOQUORUM 1 usable Sentinels',
  ],
  [
    'a Sentinel that sees it down',
    withSentinels(sentinelEvidence(1, { flags: ['master', 's_down'] })),
    'warn sentinel-1: sees redis-1 as down (s_down)',
  ],
  [
    'a Sentinel whose clock jumped',
    withSentinels(sentinelEvidence(2, { tiltForS: 4 })),
    'warn sentinel-2: pauses since 4 s, because its clock jumped or its machine stood still (TILT): it takes no part in a failover',
  ],
  [
    'no majority of Sentinels, because their clocks jumped',
    withSentinels(sentinelEvidence(1, { tiltForS: 4 }), sentinelEvidence(2, { tiltForS: 4 })),
    'fail sentinels: sentinel-1 and sentinel-2 pause after a jump of the clock (TILT): without a majority nothing can be promoted',
  ],
  [
    'a Sentinel that refuses the password',
    withSentinels(sentinelEvidence(1, { refuses: 'x: WRONGPASS invalid', names: undefined })),
    'fail sentinel-1: refuses the password (WRONGPASS)',
  ],
  [
    'a Sentinel that is gone',
    withSentinels(sentinelEvidence(1, { refuses: 'connect ECONNREFUSED', names: undefined })),
    'fail sentinel-1: does not answer: connect ECONNREFUSED',
  ],
  [
    'a missing warden',
    { topology: withoutWardens('warden-2') },
    'warn warden-2: is missing: connection refused',
  ],
  [
    'too few wardens',
    { topology: withoutWardens('warden-1', 'warden-2') },
    'fail wardens: 1 of 3 answer: two must agree before they act',
  ],
];

describe('what is wrong', () => {
  it.each(CASES)('%s', (_, more, expected) => {
    expect(wrong(healthyEvidence(more))).toContain(expected);
  });

  it('says what to do about each', () => {
    const without = CASES.flatMap(([name, more]) =>
      findings(healthyEvidence(more)).some(({ result, advice }) => result !== 'ok' && advice === '')
        ? [name]
        : [],
    );
    expect(without).toEqual([]);
  });
});

it('says why a replica stays out: its warden is missing', () => {
  const topology = {
    ...withoutWardens('warden-3'),
    nodes: seenAs(3, { inSync: false, priority: null }).nodes,
  };
  const check = redisChecks(healthyEvidence({ topology })).find(({ about }) => about === 'redis-3');
  expect(check).toMatchObject({
    found: 'not in the in-sync set (priority unknown)',
    advice: 'only its warden warden-3 lets it join, and that does not answer: start it',
  });
});

it('brings the reason from the log of a node that does not answer, with what to do', () => {
  const evidence = healthyEvidence({
    ...withNode(REFUSES('connect ECONNREFUSED')),
    reasonInLog: (node) => `${node}: Bad file format reading the append only file appendonly.aof.1.incr.aof`,
  });
  const check = redisChecks(evidence).find(({ about }) => about.startsWith('redis-3'));
  expect(check?.found).toContain('its log says: redis-3: Bad file format');
  expect(check?.advice).toContain('put its data folder aside');
});

it.each([
  ['Error writing to the AOF file: No space left on device', 'the disk is full'],
  [
    "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...",
    'its disk is full or fails',
  ],
  ['Short read or OOM loading DB. Unrecoverable error, aborting now.', 'its data is damaged'],
  [
    'Warning: Could not create server TCP listening socket: bind: Address already in use',
    'another process has its port',
  ],
])('knows what to do about %j', (reason, advice) => {
  expect(adviceFor(reason)).toContain(advice);
});
