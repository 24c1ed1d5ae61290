/**
 * Under which names of the Sentinels a member becomes promotable again: the primary's, and one that is outdated for certain.
 * Otherwise no failover could ever give them the right name (seed 9010744).
 */
import {
  type Host,
  type InSyncRecord,
  NO_RECORD,
  NodeUnavailable,
  type SentinelSight,
} from '@holdfast/ha-core';
import { expect, it } from 'vitest';
import { createMembership } from './membership.ts';
import type { NodeSeen, NodeWatch } from './node-watch.ts';
import type { OwnNode } from './own-node.ts';
import type { Present, Situation } from './situation.ts';
import { fakeSight } from './testing/fake-sight.ts';
import { fakeWatch } from './testing/fake-watch.ts';

const [A, B, C] = ['10.0.0.1:1', '10.0.0.2:1', '10.0.0.3:1'] as const;
const RECORD = { ...NO_RECORD, term: 2, primary: C, members: [B] };
type Role = NodeSeen['role'];
const primary: Role = { is: 'primary', offset: 1, replicas: [{ endpoint: B, offset: 1 }] };
const replicaOf = (of: string): Role => ({ is: 'replica', of, link: 'connected', offset: 1 });

const watchOf = (name: string, role: Role, record: InSyncRecord = RECORD): NodeWatch =>
  fakeWatch(name, { seen: () => ({ role, record, sentAtMs: 0, atMs: 0 }) });

type Scene = {
  /** Whom the Sentinels name. */
  readonly named?: string;
  readonly own?: NodeWatch;
  readonly roleOfA?: Role;
  readonly failoverUnderWay?: boolean;
  readonly priority?: 0 | 100;
};

/** Beside `B`, which follows the primary `C` and is not promotable: what it does at one look. */
async function tended(
  scene: Scene,
): Promise<{ readonly asksToJoin: boolean; readonly set: readonly number[] }> {
  const { named = C, roleOfA = replicaOf(C), failoverUnderWay = false, priority = 0 } = scene;
  const { own = watchOf(B, replicaOf(C)) } = scene;
  let opened = 0;
  const set: number[] = [];
  const watch = watchOf(C, primary);
  const present: Present = { watch, name: C, role: primary as Present['role'], record: RECORD, rank: 2 };
  const sight = (sentinel: string): SentinelSight => fakeSight(sentinel, named, { failoverUnderWay });
  const membership = createMembership({
    host: { monotonicMs: () => 500 } as Host,
    redis: {
      open: () => {
        opened += 1;
        return Promise.reject(new NodeUnavailable('it is enough to be asked', false));
      },
    },
    own,
    ownNode: {
      priority: () => Promise.resolve(priority),
      setPriority: (wanted: number) => Promise.resolve(set.push(wanted) > 0),
    } as unknown as OwnNode,
    watches: [watchOf(A, roleOfA), own, watch],
    situation: { present: () => present, newestTerm: () => 2 } as unknown as Situation,
    sights: () => ['s1', 's2', 's3'].map(sight),
    onOutOfSight: () => undefined,
    log: () => undefined,
  });
  try {
    await membership.tend();
  } catch (error) {
    if (!(error instanceof NodeUnavailable)) throw error;
  }
  return { asksToJoin: opened > 0, set };
}

const joins = async (named: string, roleOfA: Role, failoverUnderWay = false): Promise<boolean> =>
  (await tended({ named, roleOfA, failoverUnderWay })).asksToJoin;

it('joins the primary that the Sentinels name', async () => {
  expect(await joins(C, replicaOf(C))).toBe(true);
});

it('joins the primary beside the name of one that follows it', async () => {
  expect(await joins(A, replicaOf(C))).toBe(true);
});

it.each([
  ['is a primary', primary, false],
  ['follows another', replicaOf(B), false],
  ['follows it, while a failover is under way', replicaOf(C), true],
] as const)('joins nobody while the one that they name %s', async (_, role, underWay) => {
  expect(await joins(A, role, underWay)).toBe(false);
});

it('gives up being promotable where it was made to follow an older primary and has its data by now (seed 9401631)', async () => {
  const older = { ...RECORD, term: 1, primary: A, members: [B, C] };
  const [lost, whole] = [watchOf(B, replicaOf(A), older), watchOf(B, replicaOf(A))];
  expect((await tended({ own: lost, roleOfA: primary, priority: 100 })).set).toEqual([0]);
  expect((await tended({ own: whole, roleOfA: primary, priority: 100 })).set).toEqual([]);
});

it('stays promotable where the record of a new primary is only on its way', async () => {
  const older = { ...RECORD, term: 1, primary: A, members: [B, C] };
  expect((await tended({ own: watchOf(B, replicaOf(C), older), priority: 100 })).set).toEqual([]);
});
