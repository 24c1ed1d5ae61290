/** Whom a node is made to follow by its own warden, and when not: never an older primary than it has data of (I1). */
import { type Endpoint, type InSyncRecord, NO_RECORD, type RedisNodes } from '@holdfast/ha-core';
import { expect, it } from 'vitest';
import { createFollowing } from './following.ts';
import type { NodeSeen, NodeWatch } from './node-watch.ts';
import type { Present } from './situation.ts';
import { fakeSight } from './testing/fake-sight.ts';
import { fakeWatch } from './testing/fake-watch.ts';

const [A, B, C] = ['10.0.0.1:1', '10.0.0.2:2', '10.0.0.3:3'];

const recordOf = (term: number, primary: string): InSyncRecord => ({
  ...NO_RECORD,
  term,
  primary,
  members: [B],
});
const at = (seen: Pick<NodeSeen, 'role' | 'record'>): NodeSeen => ({ ...seen, sentAtMs: 0, atMs: 0 });
/** Asked at this time, and answered at once. */
const told = (seen: NodeSeen, atMs: number): NodeSeen => ({ ...seen, sentAtMs: atMs, atMs });
const leads = (record: InSyncRecord): NodeSeen =>
  at({ role: { is: 'primary', offset: 9, replicas: [] }, record });
const follows = (of: string, record: InSyncRecord): NodeSeen =>
  at({ role: { is: 'replica', of, link: 'connected', offset: 9 }, record });

const FIRST = recordOf(1, A);
const SECOND = recordOf(2, C);

/** A warden beside `B`. `C` is the present primary, of term 2, which all can see; the Sentinels name `A` still. */
function scene(own: NodeSeen) {
  let nowMs = 1000;
  const seen = new Map<string, NodeSeen | undefined>([
    [A, undefined],
    [B, own],
    [C, leads(SECOND)],
  ]);
  const state = { names: A, silent: '', alive: ['warden-1', 'warden-3'], hurried: false, alone: false };
  const done: string[] = [];
  const nameOf = ({ host, port }: Endpoint): string => `${host}:${port}`;
  const watches = [A, B, C].map(
    (name): NodeWatch =>
      fakeWatch(name, {
        seen: () => seen.get(name),
        silentSinceMs: () => (state.silent === name ? 1 : undefined),
        askAnew: () => void done.push(`asks ${name} anew`),
      }),
  );
  const [first, beside, third] = watches as [NodeWatch, NodeWatch, NodeWatch];
  const present = (): Present | undefined => {
    const found = seen.get(C);
    if (found?.role.is !== 'primary') return undefined;
    return { watch: third, name: C, role: found.role, record: found.record, rank: found.record.term };
  };
  const follow = createFollowing({
    host: { monotonicMs: () => nowMs },
    redis: {
      open: (endpoint) => {
        done.push(`opens ${nameOf(endpoint)}`);
        return Promise.reject(new Error('nobody is there'));
      },
    } satisfies RedisNodes,
    own: beside,
    ownNode: {
      follow: (of) => {
        done.push(`follows ${of === undefined ? 'nobody' : nameOf(of)}`);
        return Promise.resolve(true);
      },
      setPriority: (priority) => {
        done.push(`priority ${priority}`);
        return Promise.resolve(true);
      },
    },
    watches: [first, beside, third],
    situation: { present, lacks: () => beside.seen()?.role.is === 'primary' },
    sights: () => ['s1', 's2', 's3'].map((name) => fakeSight(name, state.names)),
    isAlone: () => state.alone,
    hurried: () => state.hurried,
    alive: () => state.alive,
    wardenOf: (node) => `warden-${node.slice(-1)}`,
    log: () => undefined,
  });
  return {
    state,
    seen,
    pass: (ms: number) => {
      nowMs += ms;
    },
    /** What it does now. */
    does: () => {
      follow();
      return done.splice(0);
    },
  };
}

it('leaves the older primary that a Sentinel has made it follow, whoever is named (seed 7708236)', () => {
  const { seen, does } = scene(follows(A, SECOND));
  seen.set(A, leads(FIRST));
  expect(does()).toEqual([`follows ${C}`]);
});

it('asks whom it was made to follow anew, where that one does not answer, and not all the time', () => {
  const { seen, pass, does } = scene(follows(A, SECOND));
  expect(does()).toEqual([`asks ${A} anew`]);
  pass(149);
  expect(does()).toEqual([]);
  pass(1);
  expect(does()).toEqual([`asks ${A} anew`]);
  seen.set(A, leads(FIRST));
  expect(does()).toEqual([`follows ${C}`]);
});

it('stays with one that is not older, and with one that is no primary yet', () => {
  const { seen, does } = scene(follows(A, FIRST));
  seen.set(A, leads(recordOf(2, A)));
  expect(does()).toEqual([]);
  seen.set(A, follows(C, SECOND));
  expect(does()).toEqual([]);
});

it('follows the present primary once most Sentinels name it, and again after a while', () => {
  const { state, pass, does } = scene(follows(A, FIRST));
  state.names = C;
  expect(does()).toEqual([`follows ${C}`]);
  pass(149);
  expect(does()).toEqual([]);
  pass(1);
  expect(does()).toEqual([`follows ${C}`]);
});

it('follows it before any Sentinel names it, where its own primary is silent and was older', () => {
  const { state, does } = scene(follows(A, FIRST));
  state.silent = A;
  expect(does()).toEqual([`follows ${C}`]);
});

it('as an old primary gives up being promotable first', () => {
  const { does } = scene(leads(FIRST));
  expect(does()).toEqual(['priority 0', `follows ${C}`]);
});

it('gives its data to nobody while it says that it is primary, lacks something, and there is no other', () => {
  const { seen, does } = scene(leads(FIRST));
  seen.set(C, undefined);
  expect(does()).toEqual(['priority 0', `follows ${B}`]);
});

it('is no primary any more where nobody else is in sight for long', () => {
  const { state, seen, does } = scene(leads(SECOND));
  seen.set(C, undefined);
  state.alone = true;
  expect(does()).toEqual(['priority 0', `follows ${B}`]);
});

it('stays what it is as a replica that sees nobody', () => {
  const { state, seen, does } = scene(follows(C, SECOND));
  seen.set(C, undefined);
  state.alone = true;
  expect(does()).toEqual([`asks ${C} anew`]);
});

it('keeps what it has where everybody is made to follow an older primary, and is promotable still', () => {
  const { seen, pass, does } = scene(follows(A, SECOND));
  seen.set(A, leads(FIRST));
  seen.set(C, follows(A, SECOND));
  expect(does()).toEqual([`follows ${B}`]);
  pass(149);
  expect(does()).toEqual([]);
  seen.set(B, follows(B, SECOND));
  pass(1);
  expect(does()).toEqual([]);
});

it('does not take a leader for older by what it said before the own node had its term', () => {
  const { seen, does } = scene(follows(A, FIRST));
  seen.set(A, told(leads(FIRST), 5));
  seen.set(C, undefined);
  expect(does()).toEqual([]);
  seen.set(B, told(follows(A, SECOND), 10));
  expect(does()).toEqual([]);
  seen.set(A, told(leads(FIRST), 10));
  expect(does()).toEqual([`follows ${B}`]);
});

it('does nothing where all is as it should be', () => {
  const { does } = scene(follows(C, SECOND));
  expect(does()).toEqual([]);
});

it('in a failover tells the node of a dead warden too, and of no other', () => {
  const { state, seen, does } = scene(follows(C, SECOND));
  state.hurried = true;
  seen.set(A, follows(B, FIRST));
  expect(does()).toEqual([]);
  state.alive = ['warden-3'];
  expect(does()).toEqual([`opens ${A}`]);
});
