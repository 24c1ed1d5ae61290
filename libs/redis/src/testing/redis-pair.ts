/** For tests: a real Redis primary with one replica, a writer on them, and records as the engine would write them. */
import type { Endpoint, RedisReply, TradeRecord } from '@holdfast/ha-core';
import { createAcknowledgedWriter } from '../acknowledged-writer.ts';
import { accountKeys } from '../keys.ts';
import { createRedisNodes } from '../node.ts';
import { createPrimaryConnection } from '../primary-connection.ts';
import type { AcknowledgedWriter } from '../writes.ts';
import { startRealRedis } from './real-redis.ts';
import { testHost, until } from './test-host.ts';

export type RedisPair = {
  readonly nodes: readonly [Endpoint, Endpoint];
  readonly writer: AcknowledgedWriter;
  readonly command: (...command: [string, ...string[]]) => Promise<RedisReply>;
  /** Gives the account its next numbers, one for each content, as the engine would. */
  readonly record: (account: string, contents: readonly TradeRecord[]) => Promise<void>;
  /** kill -9. */
  readonly kill: (node: 0 | 1) => Promise<void>;
  /** Starts a killed node again, as a replica of the other, and takes it into the in-sync set. */
  readonly startAsReplica: (node: 0 | 1) => Promise<void>;
  readonly stop: () => Promise<void>;
};

const COMMAND_MS = 2000;
const RECORD_MS = 10_000;

/** Starts both and waits until a write can be acknowledged. */
export async function startRedisPair(): Promise<RedisPair> {
  const real = await startRealRedis({ replicas: 1, inSync: true });
  const [one, two] = real.endpoints;
  if (one === undefined || two === undefined) throw new Error('a pair has two nodes');
  const nodes = [one, two] as const;
  const redis = createRedisNodes();
  const writer = createAcknowledgedWriter({ host: testHost, redis, nodes, log: () => undefined });
  const connection = createPrimaryConnection({ host: testHost, redis, nodes });
  const stop = async (): Promise<void> => {
    connection.stop();
    await writer.stop();
    await real.stop();
  };
  try {
    await until('a primary with its replica', () => writer.view().inSync.length > 0);
  } catch (error) {
    await stop();
    throw error;
  }
  const command: RedisPair['command'] = async (...words) =>
    (await connection.run([words], COMMAND_MS)).replies[0] ?? null;
  let serial = 0;
  return {
    nodes,
    writer,
    command,
    record: async (account, contents) => {
      const keys = accountKeys(account);
      await command('HSET', keys.lease, 'holder', 'engine-1', 'epoch', '1');
      const pairs = contents.flatMap((content) => [`test:${serial++}`, JSON.stringify(content)]);
      const args = ['engine-1', '1', String(contents.length), ...pairs, '0'];
      const call = { name: 'hf_record', keys: [keys.lease, keys.rtrs, keys.account, keys.recorded], args };
      const outcome = await writer.writeUntil(call, RECORD_MS);
      if (outcome.is !== 'acknowledged') throw new Error(`record: ${JSON.stringify(outcome)}`);
    },
    kill: (node) => real.kill(node),
    startAsReplica: async (node) => {
      await real.restart(node, node === 0 ? two : one);
      await real.formInSyncSet();
    },
    stop,
  };
}

/** A record that differs by its order's ticket. */
export function orderRecord(order: number): TradeRecord {
  const common = { magic: '7', symbol: 'EURUSD', volume: '0.10', price: '1.1', at: 1, epoch: 1 };
  return { kind: 'order', order: String(order), state: 'placed', ...common };
}
