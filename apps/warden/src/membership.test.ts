/**
 * Under which names of the Sentinels a member becomes promotable again: the primary's, and one that is outdated for certain.
 * Otherwise no failover could ever give them the right name (seed 9010744).
 */
import { type Host, NO_RECORD, NodeUnavailable, type SentinelSight } from '@holdfast/ha-core';
import { expect, it } from 'vitest';
import { createMembership } from './membership.ts';
import type { NodeSeen, NodeWatch } from './node-watch.ts';
import type { OwnNode } from './own-node.ts';
import type { Present, Situation } from './situation.ts';
import { fakeWatch } from './testing/fake-watch.ts';

const [A, B, C] = ['10.0.0.1:1', '10.0.0.2:1', '10.0.0.3:1'] as const;
const RECORD = { ...NO_RECORD, term: 2, primary: C, members: [B] };
type Role = NodeSeen['role'];
const primary: Role = { is: 'primary', offset: 1, replicas: [{ endpoint: B, offset: 1 }] };
const replicaOf = (of: string): Role => ({ is: 'replica', of, link: 'connected', offset: 1 });

const watchOf = (name: string, role: Role): NodeWatch =>
  fakeWatch(name, { seen: () => ({ role, record: RECORD, sentAtMs: 0, atMs: 0 }) });

/** Beside `B`, which follows `C` and is not promotable: whether it asks the primary to be let in. */
async function joins(named: string, roleOfA: Role, failoverUnderWay = false): Promise<boolean> {
  let opened = 0;
  const own = watchOf(B, replicaOf(C));
  const watch = watchOf(C, primary);
  const present: Present = { watch, name: C, role: primary as Present['role'], record: RECORD, rank: 2 };
  const sight = (sentinel: string): SentinelSight => ({
    sentinel,
    view: {
      is: 'seen',
      primary: named,
      configEpoch: 1,
      primaryDown: false,
      failoverUnderWay,
      replicas: [],
      sentinelsDown: [],
    },
  });
  const membership = createMembership({
    host: { monotonicMs: () => 500 } as Host,
    redis: {
      open: () => {
        opened += 1;
        return Promise.reject(new NodeUnavailable('it is enough to be asked', false));
      },
    },
    own,
    ownNode: { priority: () => Promise.resolve(0) } as unknown as OwnNode,
    watches: [watchOf(A, roleOfA), own, watch],
    situation: { present: () => present, newestTerm: () => 2 } as unknown as Situation,
    sights: () => ['s1', 's2', 's3'].map(sight),
    log: () => undefined,
  });
  try {
    await membership.tend();
  } catch (error) {
    if (!(error instanceof NodeUnavailable)) throw error;
  }
  return opened > 0;
}

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
