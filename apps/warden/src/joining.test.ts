/** A node whose priority has gone up joins once more, so that nobody can exclude it by what was known before (I1). */
import {
  type Command,
  type InSyncRecord,
  NO_RECORD,
  NodeUnavailable,
  type RedisNode,
  type RedisReply,
} from '@holdfast/ha-core';
import { expect, it } from 'vitest';
import { joinOnceMore } from './joining.ts';

const [A, B, C] = ['10.0.0.1:1', '10.0.0.2:1', '10.0.0.3:1'] as const;
const JOINED: InSyncRecord = { ...NO_RECORD, term: 2, change: 5, primary: A, members: [B, C] };

const reply = (is: 'ok' | 'lost', { term, change, primary, members, writes }: InSyncRecord): RedisReply => [
  is,
  String(term),
  String(change),
  primary,
  members.join(' '),
  String(writes),
];

/** `B` joins at a primary whose record is `first`, and is another one after each answer, as `then` says. */
async function join(first: InSyncRecord, ...then: readonly InSyncRecord[]) {
  const records = [first, ...then];
  const asked: (readonly (string | Buffer)[])[] = [];
  const node = {
    run: ([command]: readonly [Command]) => {
      asked.push(command);
      const record = records[Math.min(asked.length, records.length) - 1] ?? first;
      const [term, change] = command.slice(-3).map(Number);
      const made = change === record.change && term === record.term;
      return Promise.resolve([made ? reply('ok', { ...record, change: change + 1 }) : reply('lost', record)]);
    },
  } as unknown as RedisNode;
  const joined = await joinOnceMore(node, B, JOINED, () => undefined);
  return { joined, tries: asked.length };
}

it('changes the record as it was when it joined', async () => {
  expect(await join(JOINED)).toEqual({ joined: true, tries: 1 });
});

it('tries again where another node has changed the record meanwhile', async () => {
  const other = { ...JOINED, change: 6 };
  expect(await join(other, other)).toEqual({ joined: true, tries: 2 });
});

it.each([
  ['was excluded', { ...JOINED, change: 6, members: [C] }],
  ['has another primary now', { ...JOINED, term: 3, change: 0, primary: C }],
])('gives up where it %s', async (_, record) => {
  expect(await join(record)).toEqual({ joined: false, tries: 1 });
});

it('ends where the record changes without end', async () => {
  const records = Array.from({ length: 20 }, (_, at) => ({ ...JOINED, change: 6 + at }));
  const { joined, tries } = await join(records[0] ?? JOINED, ...records.slice(1));
  expect({ joined, tries }).toEqual({ joined: false, tries: 4 });
});

it('has not joined where the primary does not say so', async () => {
  const said: string[] = [];
  const node = { run: () => Promise.reject(new NodeUnavailable('reset', true)) } as unknown as RedisNode;
  expect(await joinOnceMore(node, B, JOINED, (event) => said.push(event))).toBe(false);
  expect(said).toEqual(['join_unconfirmed']);
});
