/** The topology from what wardens say: the newest view counts, priorities come from each node's own warden. */
import { configurationSchema } from '@holdfast/configuration';
import { describe, expect, it } from 'vitest';
import { topologyOf, type WardenAnswer, type WardenReport, wardenReportSchema } from './redis-topology.ts';

const at = (port: number) => ({ host: '127.0.0.1', port });
const [A, B, C] = ['127.0.0.1:7001', '127.0.0.1:7002', '127.0.0.1:7003'] as const;
const redis = configurationSchema.shape.redis.parse({
  nodes: [1, 2, 3].map((n) => ({ name: `redis-${n}`, ...at(7000 + n) })),
  sentinels: [1, 2].map((n) => ({ name: `sentinel-${n}`, ...at(7010 + n) })),
  wardens: [1, 2, 3].map((n) => ({
    name: `warden-${n}`,
    node: `redis-${n}`,
    peer: at(7020 + n),
    health: at(7030 + n),
  })),
});
const record = { term: 4, change: 1, primary: A, members: [B, C], writes: 10 };
const node = (endpoint: string, more: object = {}) => ({
  endpoint,
  role: endpoint === A ? 'primary' : 'replica',
  of: endpoint === A ? null : A,
  link: endpoint === A ? null : 'connected',
  offset: 100,
  record,
  ...more,
});

function report(n: number, more: Partial<WardenReport> = {}): WardenReport {
  const own = [A, B, C][n - 1] ?? A;
  return wardenReportSchema.parse({
    name: `warden-${n}`,
    node: { endpoint: own, priority: own === A ? 0 : 100 },
    nodes: [node(A), node(B), node(C)],
    primary: A,
    inSync: { term: 4, change: 1, members: [B, C], needed: [B, C] },
    replicas: [
      { endpoint: B, lagBytes: 12, lagMs: 3 },
      { endpoint: C, lagBytes: 0, lagMs: 0 },
    ],
    sentinels: [
      { endpoint: '127.0.0.1:7011', names: A, down: [] },
      { endpoint: '127.0.0.1:7012', names: null, down: [] },
    ],
    wardens: ['warden-2', 'warden-3'],
    waits: null,
    failovers: [],
    ...more,
  });
}

const answers = (...reports: (WardenReport | string)[]): ReadonlyMap<string, WardenAnswer> =>
  new Map(
    reports.map((one): [string, WardenAnswer] =>
      typeof one === 'string'
        ? [one, { is: 'silent', why: 'refused' }]
        : [one.name, { is: 'report', report: one }],
    ),
  );

it('shows each node with its lag, and the priority that its own warden has set', () => {
  const topology = topologyOf(redis, answers(report(1), report(2), 'warden-3'));
  expect(topology).toMatchObject({ toldBy: 'warden-1', primary: A, inSync: { level: 'full', term: 4 } });
  expect(
    topology?.nodes.map(({ name, role, priority, lagBytes, inSync }) => [
      name,
      role,
      priority,
      lagBytes,
      inSync,
    ]),
  ).toEqual([
    ['redis-1', 'primary', 0, null, false],
    ['redis-2', 'replica', 100, 12, true],
    ['redis-3', 'replica', null, 0, true],
  ]);
  expect(topology?.sentinels.map(({ names }) => names)).toEqual([A, null]);
  expect(topology?.wardens.map(({ answers: there, detail }) => [there, detail])).toEqual([
    [true, 'linked to warden-2, warden-3'],
    [true, 'linked to warden-2, warden-3'],
    [false, 'refused'],
  ]);
});

describe('of several views', () => {
  it.each([
    ['the later term counts', { inSync: { term: 5, change: 0, members: [C], needed: [C] } }],
    ['then the later change', { inSync: { term: 4, change: 2, members: [C], needed: [C] } }],
  ])('%s', (_, more) => {
    expect(topologyOf(redis, answers(report(1), report(2, more)))?.toldBy).toBe('warden-2');
    expect(topologyOf(redis, answers(report(1, more), report(2)))?.toldBy).toBe('warden-1');
  });

  it('one that sees a primary goes before one that sees none', () => {
    const blind = report(1, { primary: null, inSync: { term: 9, change: 9, members: [], needed: [] } });
    expect(topologyOf(redis, answers(blind, report(2)))?.toldBy).toBe('warden-2');
  });

  it('one that is cut off from the primary does not say why there is none', () => {
    const blind = report(1, { primary: null, waits: { why: 'redis-1 is missing', missing: [A] } });
    expect(topologyOf(redis, answers(blind, report(2)))).toMatchObject({ primary: A, waits: null });
  });

  it('a node that the best cannot reach is shown as another sees it', () => {
    const cut = report(1, { nodes: [node(A), node(B, { role: 'silent', record: null }), node(C)] });
    expect(topologyOf(redis, answers(cut, report(2)))?.nodes[1]?.role).toBe('replica');
    expect(topologyOf(redis, answers(cut))?.nodes[1]?.role).toBe('silent');
  });
});

it('is degraded with one member, and none while a member is not connected', () => {
  const one = { term: 4, change: 2, members: [C], needed: [C] };
  expect(topologyOf(redis, answers(report(1, { inSync: one })))?.inSync.level).toBe('degraded');
  const cut = report(1, { replicas: [{ endpoint: C, lagBytes: 0, lagMs: 0 }] });
  expect(topologyOf(redis, answers(cut))?.inSync.level).toBe('none');
});

it('says why nobody is primary, and nothing at all when no warden answers', () => {
  const waits = { why: 'redis-1 is missing', missing: [A] };
  const none = { term: 0, change: 0, members: [], needed: [] };
  const topology = topologyOf(redis, answers(report(2, { primary: null, inSync: none, waits })));
  expect(topology).toMatchObject({ primary: null, waits, inSync: { level: 'none' } });
  expect(topologyOf(redis, answers('warden-1', 'warden-2'))).toBeUndefined();
});

it('is pressed when one warden says so; one of before says nothing of it', () => {
  const told = (...reports: Partial<WardenReport>[]): boolean | undefined =>
    topologyOf(redis, answers(...reports.map((more, index) => report(index + 1, more))))?.pressed;
  expect(told({}, {})).toBe(false);
  expect(told({}, { pressed: true })).toBe(true);
});
