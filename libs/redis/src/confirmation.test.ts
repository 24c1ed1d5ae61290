/** An acknowledgement is by name, by this node's own record, and by the record as it is in the end (I1). */
import type { Host, InSyncRecord, RedisNode, RedisReply } from '@holdfast/ha-core';
import { describe, expect, it } from 'vitest';
import { confirm, type Written } from './confirmation.ts';

const OWN = '127.0.0.1:1';
const record = (members: string[], more: Partial<InSyncRecord> = {}): InSyncRecord => ({
  term: 3,
  change: 1,
  primary: OWN,
  members,
  writes: 9,
  ...more,
});
const primary = (offset: number, replicas: Record<string, number>): Written['before'] => ({
  is: 'primary',
  offset,
  replicas: Object.entries(replicas).map(([endpoint, at]) => ({ endpoint, offset: at })),
});

type Answer = {
  readonly record: InSyncRecord;
  readonly offset: number;
  readonly replicas: Record<string, number>;
};

/** A primary that answers each further question with the next of these, the last one again and again. */
function answering(answers: readonly Answer[]): { readonly node: RedisNode; readonly host: Host } {
  let nowMs = 0;
  let turn = 0;
  const host = {
    monotonicMs: () => nowMs,
    after: (delayMs: number, run: () => void) => {
      nowMs += delayMs;
      queueMicrotask(run);
      return () => undefined;
    },
  } as unknown as Host;
  const node = {
    endpoint: { host: '127.0.0.1', port: 1 },
    run: (commands: readonly unknown[]) => {
      const now = answers[Math.min(turn, answers.length - 1)];
      turn += 1;
      if (now === undefined) return Promise.reject(new Error('nobody was to be asked'));
      const { term, change, primary: of, members, writes } = now.record;
      const role: RedisReply = [
        'master',
        now.offset,
        Object.entries(now.replicas).map(([endpoint, at]) => [...endpoint.split(':'), String(at)]),
      ];
      const row = [term, change, of, members.join(' '), writes].map(String);
      return Promise.resolve(commands.length === 3 ? [row, role, role] : [row, role, 1, role]);
    },
  } as unknown as RedisNode;
  return { node, host };
}

const judge = async (written: Written, ...answers: Answer[]): Promise<true | string> => {
  const { node, host } = answering(answers);
  return (await confirm(node, host, written, 500)).outcome;
};

describe('acknowledged', () => {
  it('when each member has reached the offset, whoever else has not', async () => {
    const after = primary(100, { 'b:1': 100, 'c:1': 3 });
    expect(await judge({ record: record(['b:1']), before: primary(100, {}), after })).toBe(true);
  });

  it('when a member that was in the way has left the set, and the others have that too', async () => {
    const written = {
      record: record(['b:1', 'c:1']),
      before: primary(100, {}),
      after: primary(100, { 'b:1': 100 }),
    };
    const shrunk = { record: record(['b:1'], { change: 2 }), offset: 120 };
    expect(
      await judge(written, { ...shrunk, replicas: { 'b:1': 100 } }, { ...shrunk, replicas: { 'b:1': 120 } }),
    ).toBe(true);
  });

  it('only later, when the smaller set has the write but not yet the change', async () => {
    const written = {
      record: record(['b:1', 'c:1']),
      before: primary(100, {}),
      after: primary(100, { 'b:1': 100 }),
    };
    const shrunk = { record: record(['b:1'], { change: 2 }), offset: 120, replicas: { 'b:1': 100 } };
    expect(await judge(written, shrunk)).toMatch(/not every one of b:1/);
  });
});

describe('not acknowledged', () => {
  const whole = { before: primary(100, {}), after: primary(100, { 'b:1': 100, 'c:1': 100 }) };
  it.each([
    [
      'when only as many others have it as the set has members',
      { ...whole, record: record(['d:1', 'e:1']) },
      /not every one of d:1, e:1/,
    ],
    ['by an empty set', { ...whole, record: record([]) }, /no replica is in the in-sync set/],
    [
      'by the record of another primary',
      { ...whole, record: record(['b:1'], { primary: 'z:1' }) },
      /speaks for z:1/,
    ],
    [
      'by a node that is demoted meanwhile',
      { ...whole, record: record(['b:1']), after: { is: 'other', detail: 'UNBLOCKED' } },
      /no longer the primary/,
    ],
  ] as [string, Written, RegExp][])('%s', async (_, written, why) => {
    const same = { record: written.record, offset: 100, replicas: { 'b:1': 100, 'c:1': 100 } };
    expect(await judge(written, same)).toMatch(why);
  });

  it('when the node became primary anew in a later term, perhaps without the write', async () => {
    const written = { record: record(['b:1']), before: primary(100, {}), after: primary(100, {}) };
    const later = { record: record(['b:1'], { term: 4 }), offset: 200, replicas: { 'b:1': 200 } };
    expect(await judge(written, later)).toMatch(/the primary changed meanwhile/);
  });
});
