/** Ready means that a signal sent now is carried out: anything less is named. */
import type { Host } from '@holdfast/ha-core';
import { describe, expect, it } from 'vitest';
import { healthyStatus } from '../testing/cluster-status.ts';
import { awaitReady, notReady } from './await-ready.ts';

const good = healthyStatus();
const replaceNode = (name: string, more: object) => ({
  ...good,
  nodes: good.nodes.map((node) => (node.name === name ? { ...node, ...more } : node)),
});
const replaceAccount = (more: object) => ({
  ...good,
  accounts: good.accounts.map((account) => ({ ...account, ...more })),
});

describe('notReady', () => {
  it('has nothing to say when all is well', () => {
    expect(notReady(good)).toEqual([]);
  });

  it.each([
    [
      'a node that is down',
      replaceNode('engine-1', { healthy: false, detail: 'no answer' }),
      [{ name: 'engine-1', why: 'no answer' }],
    ],
    [
      'no primary',
      replaceNode('redis-1', { role: null }),
      [{ name: 'redis', why: '0 primaries, expected one' }],
    ],
    [
      'two primaries',
      replaceNode('redis-2', { role: 'primary' }),
      [
        { name: 'redis', why: '2 primaries, expected one' },
        { name: 'redis', why: '0 of 1 replicas are connected' },
      ],
    ],
    [
      'an account without an engine',
      replaceAccount({ active: null }),
      [{ name: 'demo-hedging', why: 'no engine leads it' }],
    ],
    [
      'an account without its broker',
      replaceAccount({ connection: 'down' }),
      [{ name: 'demo-hedging', why: 'its broker connection is down' }],
    ],
  ])('names %s', (_what, status, missing) => {
    expect(notReady(status)).toEqual(missing);
  });
});

describe('awaitReady', () => {
  function waiting(given: { readonly readyAtMs?: number; readonly cancelAtMs?: number }) {
    let nowMs = 0;
    const host: Host = {
      monotonicMs: () => nowMs,
      wallMs: () => nowMs,
      random: () => 0,
      after: (delayMs, run) => {
        nowMs += delayMs;
        queueMicrotask(run);
        return () => undefined;
      },
    };
    return awaitReady({
      host,
      limitMs: 5000,
      read: () => Promise.resolve(good),
      starting: () => (nowMs >= (given.readyAtMs ?? Infinity) ? [] : [{ name: 'sync', why: 'starting' }]),
      cancelled: () => nowMs >= (given.cancelAtMs ?? Infinity),
    });
  }

  it('waits for what the supervisor still starts', async () => {
    expect(await waiting({ readyAtMs: 4000 })).toEqual([]);
  });

  it('says what is missing at the limit, and nothing when nobody waits any more', async () => {
    expect(await waiting({})).toEqual([{ name: 'sync', why: 'starting' }]);
    expect(await waiting({ cancelAtMs: 1000 })).toEqual([]);
  });
});
