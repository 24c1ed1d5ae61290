/** A planned change of primary: who is followed, and what a Sentinel that knows no replica yet, or dies, makes of it (I1). */
import type { Host } from '@holdfast/ha-core';
import { NO_RECORD } from '@holdfast/ha-core';
import { expect, it } from 'vitest';
import type { NodeWatch } from './node-watch.ts';
import type { FailoverAsked } from './sentinels.ts';
import { switchOver, type SwitchoverParts } from './switchover.ts';

const [A, B, C] = ['10.0.0.1:1', '10.0.0.2:1', '10.0.0.3:1'] as const;
const REFUSED: FailoverAsked = { is: 'refused', why: ['s1: NOGOODSLAVE No suitable replica to promote'] };
const BEGUN: FailoverAsked = { is: 'begun', sentinel: 0 };

const watchOf = (name: string, role: () => 'primary' | 'replica'): NodeWatch =>
  ({
    name,
    endpoint: { host: name.slice(0, -2), port: 1 },
    seen: () => ({ role: { is: role() } }),
    tick: () => undefined,
  }) as unknown as NodeWatch;

/** `A` is the primary; `C` says that it is primary too, from before; `B` is promoted 200 ms after the failover has begun. */
function scene(answers: (nowMs: number) => FailoverAsked) {
  let nowMs = 0;
  let begunAtMs = Number.POSITIVE_INFINITY;
  const followed: string[] = [];
  const own = watchOf(A, () => 'primary');
  const record = { ...NO_RECORD, term: 2, primary: A, members: [B] };
  const parts = {
    host: {
      monotonicMs: () => nowMs,
      after: (ms: number, run: () => void) => {
        nowMs += ms;
        queueMicrotask(run);
        return () => undefined;
      },
    } as Pick<Host, 'monotonicMs' | 'after'>,
    own,
    watches: [
      own,
      watchOf(C, () => 'primary'),
      watchOf(B, () => (nowMs < begunAtMs + 200 ? 'replica' : 'primary')),
    ],
    situation: { present: () => ({ name: A, record }), isOutdated: ({ name }: NodeWatch) => name === C },
    sentinels: {
      failOver: () => {
        const asked = answers(nowMs);
        if (asked.is === 'begun') begunAtMs = nowMs;
        return Promise.resolve(asked);
      },
      failoverState: () => Promise.resolve(''),
    },
    ownNode: {
      follow: ({ host }: { host: string }) => {
        followed.push(host);
        return Promise.resolve(true);
      },
      pauseWrites: () => Promise.resolve(true),
      resumeWrites: () => Promise.resolve(true),
    },
    redis: { open: () => Promise.reject(new Error('nobody answers')) },
    index: 0,
    log: () => undefined,
  } as unknown as SwitchoverParts;
  return { parts, followed, tookMs: () => nowMs };
}

it('follows who was promoted, and not an older primary that is there at the same time', async () => {
  const { parts, followed } = scene(() => BEGUN);
  expect(await switchOver(parts, undefined)).toEqual({
    done: true,
    to: B,
    detail: `${A} handed over to ${B}`,
  });
  expect(followed).toEqual(['10.0.0.2']);
});

it('asks again while no Sentinel knows a replica to promote', async () => {
  const { parts, followed } = scene((nowMs) => (nowMs < 300 ? REFUSED : BEGUN));
  expect((await switchOver(parts, undefined)).done).toBe(true);
  expect(followed).toEqual(['10.0.0.2']);
});

it('gives up after a second, and says why', async () => {
  const { parts, followed, tookMs } = scene(() => REFUSED);
  expect(await switchOver(parts, undefined)).toEqual({
    done: false,
    detail: 's1: NOGOODSLAVE No suitable replica to promote',
  });
  expect([followed, tookMs()]).toEqual([[], 1000]);
});
