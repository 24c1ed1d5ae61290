/** A member that may have joined leaves the set by no priority that a Sentinel was told of before (I1). */
import {
  type Command,
  type InSyncRecord,
  NO_RECORD,
  type RedisNode,
  type RedisReply,
  type SentinelSight,
} from '@holdfast/ha-core';
import { expect, it } from 'vitest';
import { createExclusion } from './exclusion.ts';
import type { Sentinels } from './sentinels.ts';
import type { Present, Situation } from './situation.ts';
import { fakeSight } from './testing/fake-sight.ts';
import { fakeWatch } from './testing/fake-watch.ts';
import { createJumpingHost } from './testing/jumping-host.ts';

const [A, B, C] = ['10.0.0.1:1', '10.0.0.2:1', '10.0.0.3:1'] as const;
const RECORD: InSyncRecord = { ...NO_RECORD, term: 2, change: 5, primary: A, members: [B, C] };

/** `A` is the primary, and `B` is not connected to it; the Sentinels know `B` as not promotable. */
function scene() {
  const { host, nowMs, passes } = createJumpingHost();
  const state = { record: RECORD, infoAtMs: nowMs() };
  const excluded: string[] = [];
  const role: Present['role'] = { is: 'primary', offset: 1, replicas: [{ endpoint: C, offset: 1 }] };
  const watch = fakeWatch(A, { seen: () => undefined });
  const present = (): Present => ({ watch, name: A, role, record: state.record, rank: 2 });
  const sight = (sentinel: string): SentinelSight =>
    fakeSight(sentinel, A, {
      replicas: [
        { endpoint: B, down: false, disconnected: false, priority: 0, infoAtMs: state.infoAtMs },
        { endpoint: C, down: false, disconnected: false, priority: 100, infoAtMs: state.infoAtMs },
      ],
    });
  const run = ([command]: readonly [Command]): Promise<RedisReply[]> => {
    excluded.push(String(command.at(-1)));
    return Promise.resolve([['ok', '2', String(state.record.change + 1), A, C, '0']]);
  };
  const node = { run, close: () => undefined } as unknown as RedisNode;
  const exclusion = createExclusion({
    host,
    redis: { open: () => Promise.resolve(node) },
    watches: [watch, fakeWatch(B, { seen: () => undefined }), fakeWatch(C, { seen: () => undefined })],
    sentinels: { look: () => Promise.resolve(['s1', 's2', 's3'].map(sight)) } as unknown as Sentinels,
    situation: { present, lagMs: () => 0 } as unknown as Situation,
    hurried: true,
    wardenOf: () => undefined,
    hold: () => undefined,
    log: () => undefined,
  });
  return { exclusion, excluded, state, nowMs, passes };
}

it('takes out a member that every Sentinel knows as not promotable', async () => {
  const { exclusion, excluded, state, passes, nowMs } = scene();
  await exclusion.tend();
  expect(excluded).toEqual([]);
  passes(1);
  state.infoAtMs = nowMs();
  await exclusion.tend();
  expect(excluded).toEqual([B]);
});

it('leaves one in that may have joined since the Sentinels asked it', async () => {
  const { exclusion, excluded, state, passes, nowMs } = scene();
  await exclusion.tend();
  passes(1000);
  const before = nowMs() - 1;
  state.record = { ...RECORD, change: 6 };
  state.infoAtMs = before;
  await exclusion.tend();
  expect(excluded).toEqual([]);
  state.infoAtMs = nowMs();
  await exclusion.tend();
  expect(excluded).toEqual([B]);
});

it('waits for no newer INFO where another member left by itself', async () => {
  const { exclusion, excluded, state, passes, nowMs } = scene();
  state.record = { ...RECORD, members: [B, C, '10.0.0.4:1'] };
  await exclusion.tend();
  passes(1000);
  state.infoAtMs = nowMs() - 1;
  state.record = { ...RECORD, change: 6 };
  await exclusion.tend();
  expect(excluded).toEqual([B]);
});
