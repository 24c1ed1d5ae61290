/** Whom a warden suspects, and when not yet. */
import { type Host, NO_RECORD, type SentinelSight } from '@holdfast/ha-core';
import { describe, expect, it } from 'vitest';
import type { NodeWatch } from './node-watch.ts';
import { createSituation, type Situation } from './situation.ts';
import { createSuspicion, type Suspicion } from './suspicion.ts';
import { fakeSight } from './testing/fake-sight.ts';
import { fakeWatch } from './testing/fake-watch.ts';

type Node = {
  is: 'primary' | 'replica' | 'held' | 'silent';
  record: { readonly term: number; readonly primary: string };
  askedAtMs: number;
  badSinceMs: number | undefined;
};

type Scene = {
  readonly suspicion: Suspicion;
  readonly situation: Situation;
  /** Whom all three Sentinels name; `by` is how the first one sees the node that it has promoted, while it does. */
  readonly name: (
    primary: string,
    by?: { readonly promotes: string; readonly down: boolean; readonly pauses?: boolean },
  ) => void;
  /** The third Sentinel names another one, by the same epoch. */
  readonly stray: (primary: string) => void;
  /** The node as a question at this moment finds it. */
  readonly ask: (name: string, is: Node['is'], record?: Node['record']) => void;
  readonly pass: (ms: number) => void;
};

const [A, B, C] = ['10.0.0.1:1', '10.0.0.2:1', '10.0.0.3:1'];

/** A warden beside `B`; `A` is the primary of term 1, and all were asked at 1000 ms. The Sentinels see `B` with this priority. */
function scene({ waitMs = 0, quit = false, detects = true, priority = 0 } = {}): Scene {
  let nowMs = 1000;
  const nodes = new Map<string, Node>();
  const host = { monotonicMs: () => nowMs } as Host;
  const watches = [A, B, C].map((name): NodeWatch => {
    const node = (): Node | undefined => nodes.get(name);
    return fakeWatch(name, {
      seen: () => {
        const seen = node();
        if (seen === undefined || seen.is === 'silent') return undefined;
        const role =
          seen.is === 'primary'
            ? ({ is: 'primary', offset: 0, replicas: [] } as const)
            : seen.is === 'held'
              ? ({ is: 'replica', of: name, link: 'connect', offset: 0 } as const)
              : ({ is: 'replica', of: B, link: 'connected', offset: 0 } as const);
        const record = { ...NO_RECORD, ...seen.record };
        return { role, record, sentAtMs: seen.askedAtMs, atMs: seen.askedAtMs };
      },
      silentSinceMs: () => (node()?.is === 'silent' ? node()?.badSinceMs : undefined),
      goneSinceMs: () => node()?.badSinceMs,
      hasQuit: () => quit,
    });
  });
  const situation = createSituation(watches, host.monotonicMs, () => undefined);
  let named = A;
  let third: string | undefined;
  let leader: Parameters<Scene['name']>[1];
  const sights = (): SentinelSight[] =>
    ['s1', 's2', 's3'].map((sentinel, index) => {
      const leads = index === 0 && leader !== undefined;
      const { promotes = '', down = false, pauses = false } = leader ?? {};
      const chosen = { endpoint: promotes, down, disconnected: false, priority: 100 };
      const replicas = leads ? [chosen] : [{ endpoint: B, down: false, disconnected: false, priority }];
      return fakeSight(sentinel, (index === 2 ? third : undefined) ?? named, {
        failoverUnderWay: leads,
        pauses: leads && pauses,
        replicas,
      });
    });
  const suspicion = createSuspicion({ host, watches, situation, sights, waitMs: () => waitMs, detects });
  const ask: Scene['ask'] = (name, is, record = { term: 1, primary: A }) => {
    const before = nodes.get(name);
    const badSinceMs = is === 'primary' ? undefined : (before?.badSinceMs ?? nowMs);
    nodes.set(name, { is, record, askedAtMs: nowMs, badSinceMs });
  };
  ask(A, 'primary');
  ask(B, 'replica');
  ask(C, 'replica');
  expect(situation.present()?.name).toBe(A);
  return {
    suspicion,
    situation,
    stray: (primary) => {
      third = primary;
    },
    name: (primary, by) => {
      named = primary;
      leader = by;
    },
    ask,
    pass: (ms) => {
      nowMs += ms;
    },
  };
}

it('a primary that does not answer is suspected at once', () => {
  const { suspicion, ask, pass } = scene();
  pass(25);
  ask(A, 'silent');
  expect(suspicion.suspected()).toBe(A);
});

it('one that was made a replica is not, before the others were looked at since', () => {
  const { suspicion, ask, pass } = scene();
  pass(25);
  ask(A, 'replica');
  expect([suspicion.suspected(), suspicion.looksForSuccessor()]).toEqual([undefined, true]);
  pass(5);
  ask(C, 'replica');
  expect(suspicion.suspected()).toBeUndefined();
  ask(B, 'primary', { term: 2, primary: B });
  expect([suspicion.suspected(), suspicion.looksForSuccessor()]).toEqual([undefined, false]);
});

it('is when nobody has followed it, or one of the others cannot be asked for too long', () => {
  const restarted = scene();
  restarted.pass(25);
  restarted.ask(A, 'replica');
  restarted.suspicion.suspected();
  restarted.pass(5);
  for (const name of [B, C]) restarted.ask(name, 'replica');
  expect(restarted.suspicion.suspected()).toBe(A);

  const late = scene();
  late.pass(25);
  late.ask(A, 'replica');
  expect(late.suspicion.suspected()).toBeUndefined();
  late.pass(300);
  expect(late.suspicion.suspected()).toBe(A);
});

it('one that the Sentinels went back to is, when a replica has what came after it', () => {
  const { suspicion, situation, ask, pass } = scene();
  // The successor was claimed, B has its writes, and it died before a Sentinel had seen it.
  pass(25);
  ask(C, 'primary', { term: 2, primary: C });
  expect(situation.present()?.name).toBe(C);
  ask(B, 'replica', { term: 2, primary: C });
  pass(25);
  ask(A, 'primary');
  ask(C, 'silent');
  expect([situation.present(), suspicion.suspected()]).toEqual([undefined, A]);
});

it('also by a warden that has never seen the one in between; not before it knows that nobody is there', () => {
  const { suspicion, situation, ask, name } = scene();
  ask(B, 'replica', { term: 2, primary: C });
  expect([situation.present(), suspicion.suspected()]).toEqual([undefined, A]);
  name(C);
  expect(suspicion.suspected()).toBeUndefined();
  ask(C, 'primary', { term: 2, primary: C });
  expect([situation.present()?.name, suspicion.suspected()]).toEqual([C, undefined]);
});

/** A detector is not needed for what the Sentinels say; only they are slower where there is none. */
const DETECTS_OR_NOT = [
  { detects: true, unseenMs: 250 },
  { detects: false, unseenMs: 5000 },
];

const LEADERS = [
  { why: 'the one that leads is cut off from it', down: true, pauses: false },
  { why: 'the one that leads pauses after a jump of its clock', down: false, pauses: true },
];

it.each(LEADERS.flatMap((leads) => DETECTS_OR_NOT.map((detects) => ({ ...leads, ...detects }))))(
  'one that the Sentinels go on to name is, when none of them will see its successor: $why; $detects',
  ({ detects, unseenMs, down, pauses }) => {
    const { suspicion, situation, ask, name, pass } = scene({ detects });
    const claimed = { term: 2, primary: C };
    name(A, { promotes: C, down: false });
    ask(A, 'silent');
    ask(C, 'primary', claimed);
    expect(situation.present()?.name).toBe(C);
    pass(1000);
    // The one that leads has not asked it yet.
    expect(suspicion.suspected()).toBeUndefined();
    name(A, { promotes: C, down, pauses });
    expect(suspicion.suspected()).toBeUndefined();
    pass(unseenMs - 1);
    expect(suspicion.suspected()).toBeUndefined();
    pass(1);
    expect(suspicion.suspected()).toBe(A);
    name(C);
    expect(suspicion.suspected()).toBeUndefined();
  },
);

it('the one before it, where the Sentinels go on to name that and neither is there', () => {
  const { suspicion, situation, ask, name, pass } = scene();
  ask(A, 'silent');
  ask(C, 'primary', { term: 2, primary: C });
  ask(B, 'replica', { term: 2, primary: C });
  expect(situation.present()?.name).toBe(C);
  pass(25);
  ask(C, 'silent');
  expect(suspicion.suspected()).toBe(A);
  name(C);
  expect(suspicion.suspected()).toBe(C);
});

it.each(DETECTS_OR_NOT)(
  'one that a single Sentinel goes on to name by an epoch that no other one exceeds; $detects',
  ({ detects }) => {
    const { suspicion, stray, pass } = scene({ detects });
    stray(C);
    expect(suspicion.suspected()).toBeUndefined();
    pass(4900);
    expect(suspicion.suspected()).toBeUndefined();
    pass(100);
    expect(suspicion.suspected()).toBe(C);
    stray(A);
    expect(suspicion.suspected()).toBeUndefined();
  },
);

it('a silent one is waited for where a machine is short of processors, one whose process is gone is not', () => {
  const waiting = scene({ waitMs: 1450 });
  expect(waiting.situation.present()?.name).toBe(A);
  waiting.ask(A, 'silent');
  waiting.pass(1449);
  expect(waiting.suspicion.suspected()).toBeUndefined();
  waiting.pass(1);
  expect(waiting.suspicion.suspected()).toBe(A);
  const killed = scene({ waitMs: 1450, quit: true });
  expect(killed.situation.present()?.name).toBe(A);
  killed.ask(A, 'silent');
  expect(killed.suspicion.suspected()).toBe(A);
});

it('one that answers as something else is not waited for', () => {
  const { suspicion, situation, ask } = scene({ waitMs: 1450 });
  expect(situation.present()?.name).toBe(A);
  ask(A, 'replica');
  expect(suspicion.suspected()).toBe(A);
});

describe('without a detector, a primary that came back as none', () => {
  const back = (is: Node['is'], priority = 100): Scene => {
    const seen = scene({ detects: false, priority });
    seen.ask(A, is);
    expect(seen.suspicion.suspected()).toBeUndefined();
    return seen;
  };

  it('is suspected when it is held and no Sentinel begins a failover for a while', () => {
    const { suspicion, pass } = back('held');
    pass(749);
    expect(suspicion.suspected()).toBeUndefined();
    pass(1);
    expect(suspicion.suspected()).toBe(A);
  });

  it('is left to the Sentinel that fails over, and suspected when that has come to nothing', () => {
    const { suspicion, name, pass } = back('held');
    pass(700);
    name(A, { promotes: B, down: false });
    expect(suspicion.suspected()).toBeUndefined();
    pass(5000);
    expect(suspicion.suspected()).toBeUndefined();
    name(A);
    expect(suspicion.suspected()).toBeUndefined();
    pass(750);
    expect(suspicion.suspected()).toBe(A);
  });

  it('counts anew after a primary was there meanwhile', () => {
    const { suspicion, situation, ask, pass } = back('held');
    pass(700);
    ask(A, 'primary');
    expect([situation.present()?.name, suspicion.suspected()]).toEqual([A, undefined]);
    ask(A, 'held');
    pass(749);
    expect(suspicion.suspected()).toBeUndefined();
  });

  it.each([
    ['whose link to another one is up: that one is only out of sight', 'replica', 100],
    ['where the Sentinels know nobody to promote: the data decides', 'held', 0],
    ["that does not answer: Sentinel's own timer is for that", 'silent', 100],
  ] as const)('is not suspected %s', (_, is, priority) => {
    const { suspicion, pass } = back(is, priority);
    pass(5000);
    expect(suspicion.suspected()).toBeUndefined();
  });
});
