/**
 * A repeat is a real write (I1, ARCHITECTURE section 5). A client that got no answer repeats its call, perhaps through
 * another connection, and must be told "acknowledged" only when all of the in-sync set have what it repeats. From Redis 8
 * on WAIT covers a connection's own writes alone: after a round that writes nothing it counts at once replicas that have
 * nothing. So each round is looked into here, on both sides and on every Redis that the suite runs on.
 */
import type { Command, RedisNodes, RedisReply } from '@holdfast/ha-core';
import {
  accountKeys,
  type AcknowledgedWriter,
  createAcknowledgedWriter,
  formInSyncSet,
  type FunctionCall,
} from '@holdfast/redis';
import { afterEach, describe, expect, test } from 'vitest';
import { type RedisSide, SIDES } from './redis-side.ts';

const DEADLINE_MS = 400;

type Round = { readonly commands: readonly Command[]; readonly replies: readonly RedisReply[] };

describe.each(SIDES)('a repeat, %s', (_, start) => {
  let side: RedisSide | undefined;
  const writers: AcknowledgedWriter[] = [];
  afterEach(async () => {
    for (const index of [1, 2]) side?.resume(index);
    for (const writer of writers.splice(0)) await side?.drive(writer.stop());
    await side?.stop();
    side = undefined;
  });

  /** A writer, and what its rounds carried and came back with. */
  const writerOn = (on: RedisSide): { readonly writer: AcknowledgedWriter; readonly rounds: Round[] } => {
    const rounds: Round[] = [];
    const redis: RedisNodes = {
      open: async (endpoint, deadlineMs) => {
        const node = await on.nodes.open(endpoint, deadlineMs);
        const run: typeof node.run = async (commands, limitMs) => {
          const replies = await node.run(commands, limitMs);
          rounds.push({ commands, replies });
          return replies;
        };
        return { ...node, endpoint: node.endpoint, run };
      },
    };
    const { host, endpoints: nodes } = on;
    const options = { host, redis, nodes, log: () => undefined, acknowledgeDeadlineMs: DEADLINE_MS };
    const writer = createAcknowledgedWriter(options);
    writers.push(writer);
    return { writer, rounds };
  };

  const keys = accountKeys('repeated');
  const accept: FunctionCall = {
    name: 'hf_accept',
    keys: [keys.signal('11'), keys.rtss, keys.account],
    args: ['s1', 'digest', '{"id":"s1"}', '11', '60000', 'backend-1'],
  };
  const mark = (reader: string): FunctionCall => ({
    name: 'hf_mark',
    keys: [keys.marks],
    args: [reader, '1'],
  });

  test('is not acknowledged, nor counted by its WAIT, before the replicas have what it repeats', async () => {
    const on = await start();
    side = on;
    const { host, nodes: redis, endpoints: nodes } = on;
    await on.drive(formInSyncSet({ host, redis, nodes, replicas: 2, withinMs: 5000 }));
    const [first, second] = [writerOn(on), writerOn(on)];
    for (const { writer } of [first, second]) {
      const begun = await on.drive(writer.writeUntil(mark('begin'), 5000));
      expect(begun.is).toBe('acknowledged');
    }
    for (const index of [1, 2]) on.freeze(index);
    expect((await on.drive(first.writer.write(accept))).is).toBe('unknown');
    second.rounds.length = 0;
    expect((await on.drive(second.writer.write(accept))).is).toBe('unknown');

    const repeated = second.rounds.find(({ commands }) => commands.some(([name]) => name === 'MULTI'));
    const reply = (name: string): RedisReply | undefined =>
      repeated?.replies[repeated.commands.findIndex(([word]) => word === name)];
    expect(JSON.stringify(reply('EXEC'))).toContain('"repeat","accepted"');
    expect(reply('WAIT'), 'replicas that its WAIT counted, while all of them are frozen').toBe(0);

    for (const index of [1, 2]) on.resume(index);
    const third = writerOn(on);
    const outcome = await on.drive(third.writer.writeUntil(accept, 5000));
    expect(outcome).toMatchObject({
      is: 'acknowledged',
      reply: ['repeat', 'accepted', expect.anything(), ''],
    });
  });
});
