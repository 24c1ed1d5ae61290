/** When a warden suspects the primary: not for a hand-over whose successor it has not looked at yet. */
import { type Endpoint, type Host, NO_RECORD } from '@holdfast/ha-core';
import { expect, it } from 'vitest';
import { createFailover, type Failover } from './failover.ts';
import type { NodeWatch } from './node-watch.ts';
import { createSituation } from './situation.ts';

type Node = {
  is: 'primary' | 'replica' | 'silent';
  record: { readonly term: number; readonly primary: string };
  askedAtMs: number;
  badSinceMs: number | undefined;
};

type Scene = {
  readonly failover: Failover;
  /** The node as a question at this moment finds it. */
  readonly ask: (name: string, is: Node['is'], record?: Node['record']) => void;
  readonly pass: (ms: number) => void;
};

const [A, B, C] = ['10.0.0.1:1', '10.0.0.2:1', '10.0.0.3:1'];

/** A warden beside `B`; `A` is the primary of term 1, and all were asked at 1000 ms. */
function scene(): Scene {
  let nowMs = 1000;
  const nodes = new Map<string, Node>();
  const host = { monotonicMs: () => nowMs } as Host;
  const watches = [A, B, C].map((name): NodeWatch => {
    const node = (): Node | undefined => nodes.get(name);
    return {
      name,
      endpoint: { host: name.slice(0, -2), port: 1 } satisfies Endpoint,
      seen: () => {
        const seen = node();
        if (seen === undefined || seen.is === 'silent') return undefined;
        const role =
          seen.is === 'primary'
            ? ({ is: 'primary', offset: 0, replicas: [] } as const)
            : ({ is: 'replica', of: B, link: 'connected', offset: 0 } as const);
        const record = { ...NO_RECORD, ...seen.record };
        return { role, record, sentAtMs: seen.askedAtMs, atMs: seen.askedAtMs };
      },
      silentSinceMs: () => (node()?.is === 'silent' ? node()?.badSinceMs : undefined),
      goneSinceMs: () => node()?.badSinceMs,
      tick: () => undefined,
      close: () => undefined,
    };
  });
  const situation = createSituation(watches, host.monotonicMs);
  const [, own] = watches;
  if (own === undefined) throw new Error('three nodes have a second');
  const failover = createFailover({
    host,
    situation,
    watches,
    own,
    agreement: { standing: () => undefined },
    log: () => undefined,
  } as unknown as Parameters<typeof createFailover>[0]);
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
    failover,
    ask,
    pass: (ms) => {
      nowMs += ms;
    },
  };
}

it('a primary that does not answer is suspected at once', () => {
  const { failover, ask, pass } = scene();
  pass(25);
  ask(A, 'silent');
  expect(failover.suspected()).toBe(A);
});

it('one that was made a replica is not, before the others were looked at since', () => {
  const { failover, ask, pass } = scene();
  pass(25);
  ask(A, 'replica');
  expect([failover.suspected(), failover.hurried()]).toEqual([undefined, true]);
  pass(5);
  ask(C, 'replica');
  expect(failover.suspected()).toBeUndefined();
  ask(B, 'primary', { term: 2, primary: B });
  expect([failover.suspected(), failover.hurried()]).toEqual([undefined, false]);
});

it('is when nobody has followed it, or one of the others cannot be asked for too long', () => {
  const restarted = scene();
  restarted.pass(25);
  restarted.ask(A, 'replica');
  restarted.failover.suspected();
  restarted.pass(5);
  for (const name of [B, C]) restarted.ask(name, 'replica');
  expect(restarted.failover.suspected()).toBe(A);

  const late = scene();
  late.pass(25);
  late.ask(A, 'replica');
  expect(late.failover.suspected()).toBeUndefined();
  late.pass(300);
  expect(late.failover.suspected()).toBe(A);
});
