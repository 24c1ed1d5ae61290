/** Nobody does what belongs to another: each refusal is a row, asked of a real Redis and a real Sentinel. */
import { redisUserName, type RedisUser } from '@holdfast/configuration';
import { type Command, type Endpoint, NodeUnavailable, RedisError } from '@holdfast/ha-core';
import {
  accountKeys,
  createRedisNodes,
  ensureFunctions,
  FAILOVERS_KEY,
  IN_SYNC_KEY,
  NODES_KEY,
} from '@holdfast/redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, type RealTrio, startTrio, trioFolder } from './testing/real-trio.ts';
import { as, fcall, PASSWORDS, run } from './testing/users.ts';

const { lease, leaders, wishes, account, rtrs, rtss, positions, instance, marks } = accountKeys('demo');

let trio: RealTrio;
let primary: Endpoint;
let sentinel: Endpoint;
beforeAll(async () => {
  trio = await startTrio({ folder: trioFolder(), redis: as('warden'), secrets: { users: PASSWORDS } });
  [primary] = trio.endpoints as [Endpoint];
  [sentinel] = trio.sentinels as [Endpoint];
  const node = await as('warden').open(primary, 1000);
  await ensureFunctions(node, 1000);
  node.close();
  await run(as('engine'), primary, [fcall('hf_take', [lease], 'engine-1', '', '0', '0', '1')]);
});
afterAll(() => trio.stop());

const ROWS: readonly (readonly [RedisUser, string, Command])[] = [
  ['backend', 'settings', ['CONFIG', 'SET', 'appendonly', 'no']],
  ['backend', 'settings, not even to read', ['CONFIG', 'GET', 'requirepass']],
  ['backend', 'the lease', ['HSET', lease, 'holder', 'x']],
  ['backend', 'the lease, through a function', fcall('hf_take', [lease], 'x', 'engine-1', '1', '1', '9')],
  ['backend', 'the history of leaders', ['HSET', leaders, '1', 'x']],
  ['sync', 'a wish', fcall('hf_wish', [wishes], 'w', 'pause', '{}')],
  ['backend', 'records', ['XADD', rtrs, '*', 'record', '{}']],
  ['backend', 'other keys', ['HSET', 'mine', 'a', '1']],
  ['backend', 'the functions', ['FUNCTION', 'DELETE', 'holdfast']],
  ['backend', 'a script', ['EVAL', 'return 1', '0']],
  ['backend', 'the list of failovers', ['LPUSH', FAILOVERS_KEY, '{}']],
  ['engine', 'all data', ['FLUSHALL']],
  ['engine', 'a whole key', ['DEL', positions]],
  ['engine', 'the role', ['REPLICAOF', 'NO', 'ONE']],
  ['engine', 'the functions', ['FUNCTION', 'LOAD', 'REPLACE', '#!lua name=holdfast\n']],
  ['engine', 'a stream cut short', ['XTRIM', rtss, 'MAXLEN', '0']],
  ['sync', 'an account', ['HSET', account, 'number', '9']],
  ['sync', 'records', ['XADD', rtrs, '*', 'record', '{}']],
  [
    'sync',
    'an instance, through a function',
    fcall('hf_instance', [lease, instance], 'engine-1', '1', 'a', 'b'),
  ],
  ['sync', 'a mark by other means', ['DEL', marks]],
  ['sync', 'clients', ['CLIENT', 'KILL', 'TYPE', 'normal']],
  ['warden', 'an account', ['HSET', account, 'number', '9']],
  ['warden', 'the lease, through a function', fcall('hf_beat', [lease], 'engine-1', '1')],
  ['warden', 'users', ['ACL', 'SETUSER', 'x', 'on']],
  ['warden', 'all data', ['FLUSHALL']],
  ['warden', 'the process', ['SHUTDOWN', 'NOSAVE']],
  ['sentinel', 'data', ['HGETALL', marks]],
  ['sentinel', 'settings', ['CONFIG', 'SET', 'appendonly', 'no']],
  ['sentinel', 'the functions', ['FUNCTION', 'LIST']],
  ['replication', 'data', ['HGETALL', marks]],
  ['replication', 'the in-sync set', ['HSET', IN_SYNC_KEY, 'members', 'x']],
  ['replication', 'nodes', ['HSET', NODES_KEY, 'x', '{}']],
];

describe('on Redis', () => {
  it.each(ROWS)('%s: not %s', async (user, _what, command) => {
    expect((await run(as(user), primary, [command]))[0]).toContain('NOPERM');
  });

  it('and nothing of it has happened', async () => {
    const replies = await run(as('warden'), primary, [
      ['HGETALL', account],
      ['XLEN', rtrs],
      ['HMGET', lease, 'holder', 'epoch', 'beat'],
      ['HGETALL', instance],
      ['HGETALL', IN_SYNC_KEY],
      ['HGETALL', NODES_KEY],
    ]);
    expect(replies).toEqual([[], 0, ['engine-1', '1', '1'], [], [], []]);
  });
});

describe('on a Sentinel', () => {
  it.each(['backend', 'engine', 'sync', 'replication'] as const)('%s is not known', async (user) => {
    expect(await refusal(as(user), sentinel, ['PING'])).toContain('WRONGPASS');
  });

  const CHANGES = ['REMOVE mymaster', 'RESET mymaster', 'CONFIG SET loglevel debug'];
  it.each([
    ['sentinel', [...CHANGES, 'SET mymaster quorum 1', 'FAILOVER mymaster']],
    // SET cannot be narrowed to single settings; the warden needs it for the down-after time.
    ['warden', [...CHANGES, 'MONITOR other 127.0.0.1 1 1']],
  ] as const)('%s: nothing but its own verbs', async (user, verbs) => {
    const commands = verbs.map((verb): Command => ['SENTINEL', ...verb.split(' ')]);
    const replies = (await run(as(user), sentinel, commands)).map(String);
    expect(replies.filter((text) => !text.startsWith('NOPERM'))).toEqual([]);
  });
});

describe('anywhere', () => {
  it.each([
    ['who says no name', {}, 'NOAUTH'],
    ['the default user', { password: PASSWORDS.warden }, 'WRONGPASS'],
    [
      'who has a wrong password',
      { username: redisUserName('warden'), password: PASSWORDS.sync },
      'WRONGPASS',
    ],
    ['who is unknown', { username: 'holdfast-other', password: PASSWORDS.sync }, 'WRONGPASS'],
  ])('%s does not get in', async (_who, access, code) => {
    for (const endpoint of [...trio.endpoints, ...trio.sentinels]) {
      expect(await refusal(createRedisNodes(access), endpoint, ['PING'])).toContain(code);
    }
  });
});

/** What a connection or its first command is refused with. */
async function refusal(
  redis: ReturnType<typeof createRedisNodes>,
  endpoint: Endpoint,
  command: Command,
): Promise<string> {
  try {
    const reply = await ask(redis, endpoint, command);
    return reply instanceof RedisError ? reply.message : `not refused: ${String(reply)}`;
  } catch (error) {
    if (error instanceof NodeUnavailable) return error.message;
    throw error;
  }
}
