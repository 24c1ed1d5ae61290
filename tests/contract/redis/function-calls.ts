/** Calls of every function, for the suites that run them on both sides: a connection to a primary, an account a test. */
import type { Command, RedisNode, RedisReply } from '@holdfast/ha-core';
import { accountKeys } from '@holdfast/redis';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { openAt, type RedisSide, type RedisSideStart } from './redis-side.ts';

export const AT = expect.stringMatching(/^\d{13}$/) as unknown;
export const ENTRY = expect.stringMatching(/^\d{13}-\d+$/) as unknown;

export type FunctionCalls = ReturnType<typeof useFunctions>;

/** Registers the set-up with the suite that is being described, and returns what its tests call. */
export function useFunctions(start: RedisSideStart) {
  let side: RedisSide;
  let node: RedisNode;
  let tests = 0;
  let account = '';
  beforeAll(async () => {
    side = await start();
    node = await openAt(side, 0);
  });
  afterAll(() => side.stop());
  beforeEach(() => {
    tests += 1;
    account = `account-${tests}`;
  });

  const run = (commands: readonly Command[]): Promise<RedisReply[]> => side.drive(node.run(commands, 2000));
  const call = async (
    name: string,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<RedisReply> => {
    const [reply] = await run([['FCALL', name, String(keys.length), ...keys, ...args]]);
    return reply ?? null;
  };
  const one = async (...command: Command): Promise<RedisReply> => (await run([command]))[0] ?? null;
  const keys = (): ReturnType<typeof accountKeys> => accountKeys(account);

  const take = (
    holder: string,
    expected: readonly [string, string, string],
    epoch: string,
  ): Promise<RedisReply> => call('hf_take', [keys().lease], [holder, ...expected, epoch]);
  const accept = (id: string, digest: string, magic: string): Promise<RedisReply> =>
    call(
      'hf_accept',
      [keys().signal(magic), keys().rtss, keys().account],
      [id, digest, `{"id":"${id}"}`, magic, '60000', 'backend-1'],
    );
  /** Without an entry: the one that the signal has. */
  const intend = async (
    holder: string,
    epoch: string,
    magic: string,
    command: string,
    entry?: string,
  ): Promise<RedisReply> => {
    const read = entry ?? String((await one('HGET', keys().signal(magic), 'entry')) ?? '0-0');
    return call(
      'hf_intend',
      [keys().lease, keys().signal(magic), keys().intents, keys().account, keys().rtss],
      [holder, epoch, command, '{"i":1}', '{"state":"sent"}', '', read],
    );
  };
  const finish = (
    holder: string,
    epoch: string,
    magic: string,
    entry: string,
    how: {
      state?: string;
      intents?: string[];
      records?: [string, string][];
      changes?: [string, string, string][];
    } = {},
  ): Promise<RedisReply> => {
    const { rtss, rtrs, intents, recorded } = keys();
    return call(
      'hf_finish',
      [keys().lease, keys().signal(magic), rtss, rtrs, keys().account, intents, recorded],
      [
        holder,
        epoch,
        how.state ?? 'filled',
        `{"magic":"${magic}"}`,
        entry,
        String(how.intents?.length ?? 0),
        ...(how.intents ?? []),
        String(how.records?.length ?? 0),
        ...(how.records ?? []).flat(),
        String(how.changes?.length ?? 0),
        ...(how.changes ?? []).flat(),
      ],
    );
  };
  const record = (
    holder: string,
    epoch: string,
    records: [string, string][],
    changes: [string, string, string][] = [],
  ): Promise<RedisReply> =>
    call(
      'hf_record',
      [keys().lease, keys().rtrs, keys().account, keys().recorded],
      [holder, epoch, String(records.length), ...records.flat(), String(changes.length), ...changes.flat()],
    );
  const numbers = async (): Promise<string[]> => {
    const entries = (await one('XRANGE', keys().rtrs, '-', '+')) as RedisReply[];
    return entries.map((entry) => String((entry as RedisReply[])[0]));
  };
  /** Offset of the primary. */
  const offset = async (): Promise<number> => Number(((await one('ROLE')) as RedisReply[])[1]);

  const pause = (ms: number): Promise<void> => side.pause(ms);
  return {
    account: () => account,
    run,
    call,
    one,
    keys,
    take,
    accept,
    intend,
    finish,
    record,
    numbers,
    offset,
    pause,
  };
}
