/** When a node claims for itself: once it is primary, until it has (I1). */
import { type Command, NodeUnavailable, type RedisNodes, type RedisReply } from '@holdfast/ha-core';
import { IN_SYNC_KEY } from '@holdfast/redis';
import { expect, it } from 'vitest';
import type { NodeWatch } from './node-watch.ts';
import { createOwnClaim } from './own-claim.ts';
import { fakeWatch } from './testing/fake-watch.ts';
import { createJumpingHost } from './testing/jumping-host.ts';

const OWN = '10.0.0.1:1';
const RECORD = ['3', '7', '10.0.0.2:1', '10.0.0.3:1', '90'];

const CLAIMED = ['ok', '9', '0', OWN, '10.0.0.3:1', '91'];

function answerTo([name, verb]: Command): RedisReply {
  if (name === 'FCALL') return CLAIMED;
  if (name === 'CONFIG') return verb === 'GET' ? ['min-replicas-to-write', '1'] : 'OK';
  return RECORD;
}

/** A node that is promoted after so long; its first connections break. */
function scene(promotedAfterMs: number, breaks = 0) {
  const { host, nowMs } = createJumpingHost();
  let opened = 0;
  const sent: Command[] = [];
  const redis = {
    open: () => {
      opened += 1;
      if (opened <= breaks) return Promise.reject(new NodeUnavailable('connection refused', false));
      return Promise.resolve({
        run: (commands: readonly Command[]) => {
          sent.push(...commands);
          return Promise.resolve(commands.map(answerTo));
        },
        close: () => undefined,
      });
    },
  } as unknown as RedisNodes;
  const seen = (): ReturnType<NodeWatch['seen']> =>
    ({ role: { is: nowMs() < promotedAfterMs ? 'replica' : 'primary' } }) as ReturnType<NodeWatch['seen']>;
  const claim = createOwnClaim({ host, redis, own: fakeWatch(OWN, { seen }) });
  return { claim, sent, claims: () => sent.filter(([name]) => name === 'FCALL'), tookMs: nowMs };
}

it('is made as soon as the node is primary, and once', async () => {
  const { claim, claims, tookMs } = scene(100);
  claim.want(9);
  await claim.soon();
  expect(claims()).toEqual([['FCALL', 'hf_claim', '1', IN_SYNC_KEY, OWN, '3', '9']]);
  expect(tookMs()).toBeLessThan(200);
  await claim.tend();
  expect(claims()).toHaveLength(1);
});

it('stays due while the node cannot be reached, with the highest term that was wanted', async () => {
  const { claim, claims } = scene(0, 1);
  claim.want(9);
  claim.want(4);
  await claim.tend();
  expect(claims()).toEqual([]);
  await claim.tend();
  expect(claims()).toHaveLength(1);
  expect(claims()[0]?.at(-1)).toBe('9');
});

it('is not made once it was dropped', async () => {
  const { claim, claims } = scene(0);
  claim.want(9);
  claim.drop();
  await claim.tend();
  await claim.soon();
  expect(claims()).toEqual([]);
});

it('is not made by a node that nobody promotes, and is not waited for without end', async () => {
  const { claim, claims, tookMs } = scene(Number.POSITIVE_INFINITY);
  await claim.soon();
  expect(tookMs()).toBe(0);
  claim.want(9);
  await claim.soon();
  expect([claims(), tookMs()]).toEqual([[], 1500]);
});

it('is made though nobody follows the node, and leaves the setting as it was', async () => {
  const { claim, claims, sent } = scene(0);
  claim.want(9);
  await claim.tend();
  expect(sent.slice(-3)).toEqual([
    ['CONFIG', 'SET', 'min-replicas-to-write', '0'],
    ['FCALL', 'hf_claim', '1', IN_SYNC_KEY, OWN, '3', '9'],
    ['CONFIG', 'SET', 'min-replicas-to-write', '1'],
  ]);
  await claim.tend();
  expect(claims()).toHaveLength(1);
});
