/** Each user on a real Redis and real Sentinels: it can do all that it does for Holdfast, through the library as it is. */
import type { Command, Endpoint, RedisReply } from '@holdfast/ha-core';
import type { RedisUser } from '@holdfast/configuration';
import { realHost } from '@holdfast/process';
import {
  accountKeys,
  createAcknowledgedWriter,
  createInstanceState,
  createResultFeed,
  createSignalInbox,
  ensureFunctions,
  FAILOVERS_KEY,
  formInSyncSet,
  IN_SYNC_KEY,
  NODES_KEY,
} from '@holdfast/redis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RealTrio, startTrio, trioFolder, until } from './testing/real-trio.ts';
import { as, fcall, PASSWORDS, refusals, run } from './testing/users.ts';

const keys = accountKeys('demo');

let trio: RealTrio;
let primary: Endpoint;
beforeAll(async () => {
  trio = await startTrio({ folder: trioFolder(), redis: as('warden'), secrets: { users: PASSWORDS } });
  [primary] = trio.endpoints as [Endpoint];
  const node = await as('warden').open(primary, 1000);
  await ensureFunctions(node, 1000);
  node.close();
  const { endpoints: nodes } = trio;
  await formInSyncSet({ host: realHost, redis: as('warden'), nodes, replicas: 2, withinMs: 5000 });
});
afterAll(() => trio.stop());

/** A writer of the user, for as long as `use` takes. */
async function withWriter<T>(
  user: RedisUser,
  use: (writer: ReturnType<typeof createAcknowledgedWriter>) => Promise<T>,
): Promise<T> {
  const nodes = trio.endpoints;
  const writer = createAcknowledgedWriter({ host: realHost, redis: as(user), nodes, log: () => undefined });
  try {
    return await use(writer);
  } finally {
    await writer.stop();
  }
}

it('backend: takes signals and alerts, shows them and says that it is there', async () => {
  await withWriter('backend', async (writer) => {
    const inbox = createSignalInbox({ writer, reader: 'backend-1' });
    const state = createInstanceState({ writer, reader: 'backend-1' });
    const signal = { id: 's-1', action: 'open', symbol: 'EURUSD', side: 'buy', volume: '0.1' } as const;
    const how = { ttlMs: 60_000, by: 'backend-1', deadlineMs: 3000 };
    expect((await inbox.accept('demo', signal, how)).is).toBe('accepted');
    expect((await inbox.accept('demo', signal, how)).is).toBe('repeat');
    expect((await inbox.show('demo', 's-1')).is).toBe('found');
    expect((await inbox.alert('demo', 'print', 'a-1', 60_000, 3000)).is).toBe('first');
    expect((await inbox.alert('demo', 'print', 'a-2', 60_000, 3000)).is).toBe('held_back');
    expect((await state.account('demo', 10)).is).toBe('read');
    expect((await state.holdings('demo')).is).toBe('read');
    expect((await state.symbols('demo')).is).toBe('read');
  });
  const beside: Command[] = [
    ['HSET', NODES_KEY, 'backend-1', '{}'],
    ['HGETALL', NODES_KEY],
    ['LRANGE', FAILOVERS_KEY, '0', '9'],
    ['INFO', 'memory'],
    ['INFO', 'replication'],
    ['XREAD', 'COUNT', '1', 'BLOCK', '1', 'STREAMS', keys.rtrs, '$'],
    // What the window of alerts does only when it has grown by 256.
    ['HLEN', keys.alerts],
    ['HDEL', keys.alerts, 'print'],
  ];
  expect(refusals(await run(as('backend'), primary, beside))).toEqual([]);
});

it('engine: leads, and writes everything of an account', async () => {
  const { lease, leaders, wishes, account, rtss, rtrs, intents, recorded, instance, orders, positions } =
    keys;
  const magic = '4711';
  const signal = keys.signal(magic);
  const accepted = fcall('hf_accept', [signal, rtss, account], 's-2', 'd', '{}', magic, '60000', 'b');
  const wish = fcall('hf_wish', [wishes], 'w-1', 'pause', '{}');
  const resume = fcall('hf_wish', [wishes], 'w-2', 'resume', '{}');
  const [stored, ...wished] = await run(as('backend'), primary, [accepted, wish, resume]);
  expect(refusals(wished)).toEqual([]);
  const entry = String((stored as RedisReply[])[2]);
  const lead = ['engine-1', '1'] as const;
  const finished = ['filled', '{"kind":"result"}', entry, '1', 's-2/1', '1', 'deal:1', '{"kind":"deal"}'];
  const changes = ['2', positions, '7', '{}', orders, '8', ''];
  const recording = ['1', 'deal:2', '{"kind":"deal"}', '1', account, 'dealsUntil', '5'];
  const replies = await run(as('engine'), primary, [
    fcall('hf_take', [lease, leaders, wishes], 'engine-1', '', '0', '0', '1', 'first'),
    fcall('hf_beat', [lease, wishes], ...lead),
    fcall('hf_answer', [lease, wishes], ...lead, 'w-1', '{}'),
    ['HMGET', lease, 'holder', 'epoch', 'beat', 'successor'],
    fcall('hf_instance', [lease, instance], ...lead, 'role', '{}', 'gone', ''),
    fcall('hf_intend', [lease, signal, intents, account], ...lead, 's-2/1', '{}', '{"state":"sent"}', ''),
    fcall('hf_step', [lease, signal, account], ...lead, 'unknown', '{"state":"unknown"}'),
    fcall(
      'hf_finish',
      [lease, signal, rtss, rtrs, account, intents, recorded],
      ...lead,
      ...finished,
      ...changes,
    ),
    fcall('hf_record', [lease, rtrs, account, recorded], ...lead, ...recording),
    fcall('hf_mark', [keys.marks], 'engine-1', 'load'),
    fcall('hf_round', [IN_SYNC_KEY]),
    ['XRANGE', rtss, '-', '+', 'COUNT', '10'],
    ['XREAD', 'COUNT', '1', 'BLOCK', '1', 'STREAMS', rtss, '$'],
    ...[intents, positions, orders].map((key): Command => ['HVALS', key]),
    ['HSET', NODES_KEY, 'engine-1', '{}'],
    fcall('hf_release', [lease], ...lead, '', 'stopping'),
    ['FUNCTION', 'LIST', 'LIBRARYNAME', 'holdfast', 'WITHCODE'],
  ]);
  expect(refusals(replies)).toEqual([]);
  expect([replies[0], replies[7], replies[8]]).toEqual([
    ['ok', '1', 'w-1 w-2', ''],
    ['ok', '1'],
    ['ok', '3', 1],
  ]);
});

it('sync: reads records behind its own mark, and says that it is there', async () => {
  await withWriter('sync', async (writer) => {
    const feed = createResultFeed({
      host: realHost,
      redis: as('sync'),
      nodes: trio.endpoints,
      writer,
      reader: 'sync',
      log: () => undefined,
    });
    expect((await feed.after('demo', 0, 10)).map(({ number }) => number)).toEqual([1, 2, 3]);
  });
  const wakening: Command = ['XREAD', 'COUNT', '1', 'BLOCK', '1', 'STREAMS', keys.rtrs, '$'];
  const said: Command = ['HSET', NODES_KEY, 'sync', '{}'];
  expect(refusals(await run(as('sync'), primary, [wakening, said]))).toEqual([]);
});

it('warden: changes the node and the set, and reads all data', async () => {
  const [, second] = trio.endpoints as [Endpoint, Endpoint];
  const onReplica = await run(as('warden'), second, [
    ['PING'],
    ['ROLE'],
    ['INFO', 'replication'],
    ['HMGET', IN_SYNC_KEY, 'term', 'change', 'primary', 'members', 'writes'],
    ['CONFIG', 'GET', 'replica-priority'],
    ['CONFIG', 'SET', 'replica-priority', '100'],
    ['CONFIG', 'SET', 'min-replicas-to-write', '0', 'min-replicas-max-lag', '2'],
    ['CONFIG', 'REWRITE'],
    ['CLIENT', 'PAUSE', '1', 'WRITE'],
    ['CLIENT', 'UNPAUSE'],
    ['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'],
    ['MULTI'],
    ['REPLICAOF', primary.host, String(primary.port)],
    ['EXEC'],
  ]);
  expect(refusals(onReplica)).toEqual([]);
  const [record] = await run(as('warden'), primary, [fcall('hf_round', [IN_SYNC_KEY])]);
  const [term, change, of] = (record as RedisReply[]).map(String) as [string, string, string];
  const member = `${second.host}:${second.port}`;
  const onPrimary = await run(as('warden'), primary, [
    fcall('hf_exclude', [IN_SYNC_KEY], of, term, change, member),
    fcall('hf_include', [IN_SYNC_KEY], of, term, String(Number(change) + 1), member),
    fcall('hf_claim', [IN_SYNC_KEY], of, term),
    ['WAIT', '2', '1000'],
    ['XRANGE', keys.rtrs, '-', '+'],
    ['HSET', NODES_KEY, 'warden-1', '{}'],
    ['LPUSH', FAILOVERS_KEY, '{}'],
    ['LTRIM', FAILOVERS_KEY, '0', '9'],
  ]);
  expect(refusals(onPrimary)).toEqual([]);
  expect(onPrimary.slice(0, 2).map((reply) => (reply as RedisReply[])[0])).toEqual(['ok', 'ok']);
});

it('warden: asks the Sentinels', async () => {
  const name = trio.redis.primaryName;
  const verbs = ['GET-MASTER-ADDR-BY-NAME', 'MASTER', 'REPLICAS', 'SENTINELS', 'CKQUORUM'];
  const [sentinel] = trio.sentinels as [Endpoint];
  const replies = await run(as('warden'), sentinel, [
    ['PING'],
    ['INFO'],
    ['ROLE'],
    ['SENTINEL', 'DEBUG', 'INFO-PERIOD', '1000'],
    ['SENTINEL', 'SET', name, 'down-after-milliseconds', '1500'],
    ['SENTINEL', 'MYID'],
    // The question alone, without a vote.
    ['SENTINEL', 'IS-MASTER-DOWN-BY-ADDR', primary.host, String(primary.port), '0', '*'],
    ...verbs.map((verb): Command => ['SENTINEL', verb, name]),
  ]);
  expect(refusals(replies)).toEqual([]);
  expect(replies.at(-1)).toContain('OK 3 usable Sentinels');
});

it('a node that starts again has all that it wrote: its own file is read without a user', async () => {
  const signals = await run(as('warden'), primary, [
    ['XRANGE', keys.rtrs, '-', '+'],
    ['HGETALL', keys.account],
    ['HGETALL', keys.marks],
    ['HGETALL', IN_SYNC_KEY],
  ]);
  expect(signals.every((reply) => Array.isArray(reply) && reply.length > 0)).toBe(true);
  for (const index of [0, 1, 2]) await trio.kill(index);
  // Of a primary that is gone: what it has now is from its own file alone.
  trio.restart(0, ['--replicaof', primary.host, '1']);
  await until('it answers', async () => (await run(as('warden'), primary, [['PING']]))[0] === 'PONG');
  const [records, account, marks, record] = await run(as('warden'), primary, [
    ['XRANGE', keys.rtrs, '-', '+'],
    ['HGETALL', keys.account],
    ['HGETALL', keys.marks],
    ['HGETALL', IN_SYNC_KEY],
  ]);
  expect([records, account, marks, record]).toEqual(signals);
  expect(trio.log('redis-1')).not.toContain('NOPERM');
});
