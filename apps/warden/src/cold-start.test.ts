/** A cold start whose node is taken out of the set meanwhile, by others that see a primary again (I1). */
import { LIMITS, NO_RECORD } from '@holdfast/ha-core';
import { expect, it } from 'vitest';
import { createColdStarter } from './cold-start.ts';
import { createMembership } from './membership.ts';
import type { NodeWatch } from './node-watch.ts';
import type { OwnNode } from './own-node.ts';
import type { Sentinels } from './sentinels.ts';
import type { Situation } from './situation.ts';
import { fakeSight } from './testing/fake-sight.ts';
import { createJumpingHost } from './testing/jumping-host.ts';

const [A, B, C] = ['10.0.0.1:1', '10.0.0.2:1', '10.0.0.3:1'] as const;
const RECORD = { ...NO_RECORD, term: 1, primary: A, members: [B, C] };

const watchOf = (name: string, there: boolean, record = RECORD): NodeWatch =>
  ({
    name,
    endpoint: { host: name.slice(0, -2), port: 1 },
    seen: () =>
      there
        ? {
            role: { is: 'replica', of: A, link: 'connect', offset: 1 },
            record,
            sentAtMs: 0,
            atMs: 0,
          }
        : undefined,
  }) as unknown as NodeWatch;

/** B and C have started, A is out of sight and named by all; B has the newest data. Or B alone, with its own record. */
function afterStart({ alone = false, record = RECORD } = {}) {
  const { host, passes } = createJumpingHost();
  const priorities: number[] = [];
  const asked: string[] = [];
  const led: string[] = [];
  const own = watchOf(B, true, record);
  const watches = [watchOf(A, false), own, watchOf(C, !alone, record)];
  const ownNode = {
    priority: () => Promise.resolve(priorities.at(-1)),
    setPriority: (priority: number) => {
      priorities.push(priority);
      return Promise.resolve(true);
    },
  } as unknown as OwnNode;
  const situation = {
    present: () => undefined,
    isOutdated: () => false,
    rank: () => 1,
    forget: () => undefined,
    letLead: (name: string) => led.push(name),
  } as unknown as Situation;
  const sights = ['s1', 's2', 's3'].map((name) => fakeSight(name, A, { primaryDown: true }));
  const redis = { open: () => Promise.reject(new Error('nobody is asked')) };
  const logged: unknown[] = [];
  const log = (event: string, detail: Record<string, unknown>): void => {
    logged.push([event, detail['why']]);
  };
  const membership = createMembership({
    host,
    redis,
    own,
    ownNode,
    watches,
    situation,
    sights: () => sights,
    onOutOfSight: () => undefined,
    log,
  });
  const common = { host, redis, own, ownNode, watches, situation, membership, index: 1, log };
  let looked = (): void => undefined;
  const sentinels = {
    look: () => {
      looked();
      return Promise.resolve(sights);
    },
    failOver: (primary: string) => {
      asked.push(primary);
      return Promise.resolve({ is: 'begun', sentinel: 0 });
    },
  } as unknown as Sentinels;
  const coldStarter = createColdStarter({ ...common, sentinels });
  return {
    membership,
    priorities,
    asked,
    led,
    logged,
    recover: coldStarter.recover,
    waits: coldStarter.waits,
    passes,
    tend: coldStarter.tend,
    onLook: (run: () => void) => {
      looked = run;
    },
  };
}

it('makes its node promotable and asks for it, while nobody minds', async () => {
  const { passes, tend, priorities, asked } = afterStart();
  passes(LIMITS.coldStartAfterMs);
  await tend();
  expect([priorities, asked]).toEqual([[100], [A]]);
});

it('begins not while others take its node out of the set', async () => {
  const { membership, passes, tend, priorities } = afterStart();
  passes(LIMITS.coldStartAfterMs);
  membership.hold('a warden asks for it');
  await tend();
  expect(priorities).not.toContain(100);
});

it('begins not when others take its node out of the set while it looks at the Sentinels (seed 9002178)', async () => {
  const { membership, passes, tend, priorities, asked, onLook } = afterStart();
  passes(LIMITS.coldStartAfterMs);
  onLook(() => membership.hold('a warden asks for it'));
  await tend();
  expect([priorities, asked]).toEqual([[0], []]);
});

it('gives it up at once, and asks nobody, when others take its node out of the set meanwhile', async () => {
  const { membership, passes, tend, priorities, asked, logged, onLook } = afterStart();
  // It had given it up before, and knows that.
  membership.hold('a warden asks for it');
  await new Promise((resolve) => setImmediate(resolve));
  passes(LIMITS.coldStartAfterMs);
  onLook(() => {
    if (priorities.at(-1) === 100) membership.hold('a warden asks for it');
  });
  await tend();
  expect(priorities.slice(0, 3)).toEqual([0, 100, 0]);
  expect(asked).toEqual([]);
  expect(logged.at(-1)).toEqual(['cold_start_refused', ['others took this node out of the set meanwhile']]);
});

it('is obeyed by its membership, which knows what the node has been given', async () => {
  const { membership, priorities } = afterStart();
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  membership.hold('a warden asks for it');
  await settle();
  await membership.setPriority(100);
  membership.hold('a warden asks for it');
  await settle();
  expect(priorities).toEqual([0, 100, 0]);
});

it('lets no node lead that its own record has left out, unless a person has decided (seed 7029380)', async () => {
  const leftOut = afterStart({ record: { ...RECORD, members: [] } });
  leftOut.passes(LIMITS.coldStartAfterMs);
  await leftOut.tend();
  expect([leftOut.led, leftOut.asked]).toEqual([[], [A]]);
});

it('keeps to what a person has decided until there is a primary, but not for ever', async () => {
  const { passes, tend, recover, waits, asked, led } = afterStart({
    alone: true,
    record: { ...RECORD, members: [C] },
  });
  passes(LIMITS.coldStartAfterMs);
  await tend();
  expect([asked, waits()?.missing]).toEqual([[], [A, C]]);
  expect(await recover()).toBe(`${B} becomes primary with term 1, change 0, 0 rounds`);
  expect([asked, led]).toEqual([[A], [B]]);
  // The Sentinel that was asked has promoted nobody.
  await tend();
  expect(asked).toEqual([A, A]);
  passes(20_000);
  await tend();
  expect([asked, waits()?.missing]).toEqual([
    [A, A],
    [A, C],
  ]);
});

it('holds a decision of a person for no start that comes after its time', async () => {
  const { passes, tend, recover, asked, led } = afterStart({ record: { ...RECORD, members: [] } });
  await recover();
  expect([asked, led]).toEqual([[A], [B]]);
  passes(20_000);
  await tend();
  expect([asked, led]).toEqual([[A, A], [B]]);
});
