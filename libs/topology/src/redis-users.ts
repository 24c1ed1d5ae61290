/**
 * Redis' own users, with the least rights that each needs. The lines stand in redis.conf and sentinel.conf with hashes in
 * place of the passwords; the default user is off and has no password, so that nobody gets in without one.
 *
 * What a function calls is checked against the rights of whoever calls it. So the keys are what separates users: a
 * backend cannot write a lease or a result, sync writes nothing of an account but its position, and only the warden
 * has commands that change a node. CONFIG SET and SENTINEL SET cannot be narrowed to single settings; they are the
 * warden's alone.
 */
import { createHash } from 'node:crypto';
import { REDIS_USERS, type RedisUser, redisUserName } from '@holdfast/configuration';
import { accountKeys, FAILOVERS_KEY, IN_SYNC_KEY, NODES_KEY } from '@holdfast/redis/keys';
import { quoted } from './quoted.ts';

export type RedisPasswords = Readonly<Record<RedisUser, string>>;

/** What every client of the acknowledged write does: the round, the record that it is judged by, announcing itself. */
const ROUND = {
  keys: [IN_SYNC_KEY, NODES_KEY],
  commands: 'ping role wait multi exec discard fcall function|list hget hmget hgetall hset hincrby',
};
const READS = 'hvals hlen hexists xlen xrange xrevrange xread lrange';

/** The keys of every account. */
const OF_ACCOUNT = accountKeys('*');
const SIGNALS = OF_ACCOUNT.signal('*');
const ofAccount = (...names: Exclude<keyof typeof OF_ACCOUNT, 'signal'>[]): string[] =>
  names.map((name) => OF_ACCOUNT[name]);

/** The channel on which Sentinels tell each other of themselves. */
const HELLO = '&__sentinel__:hello';

/** Nothing of ours is secret to a client of ours. */
const ALL_READ = '%R~hf:*';

/**
 * Nobody can be this user. Redis itself is, when it reads its append-only file at a start: without these rights it would
 * refuse its own transactions, and come up without what they had written.
 */
const DEFAULT_USER = 'user default off resetpass ~* &* +@all';

type Rights = {
  /** Patterns of keys that it writes; a client reads all of ours. */
  readonly writes?: readonly string[];
  readonly channel?: string;
  readonly commands: string;
};

const ON_REDIS: Readonly<Record<RedisUser, Rights>> = {
  backend: {
    writes: [...ROUND.keys, SIGNALS, ...ofAccount('rtss', 'account', 'alerts', 'marks', 'wishes')],
    commands: `${ROUND.commands} ${READS} info time xadd hdel`,
  },
  engine: {
    writes: [
      ...ROUND.keys,
      SIGNALS,
      ...ofAccount('rtss', 'rtrs', 'account', 'lease', 'intents', 'positions', 'orders', 'recorded'),
      ...ofAccount('instance', 'marks', 'leaders', 'wishes'),
    ],
    commands: `${ROUND.commands} ${READS} time xadd xdel hdel hsetnx zadd`,
  },
  sync: {
    writes: [...ROUND.keys, ...ofAccount('marks')],
    commands: `${ROUND.commands} ${READS}`,
  },
  warden: {
    writes: [...ROUND.keys, FAILOVERS_KEY],
    commands:
      `${ROUND.commands} ${READS} lpush ltrim info function|load replicaof config|get config|set config|rewrite ` +
      'client|kill client|pause client|unpause client|list',
  },
  // As Sentinel's own documentation lists them.
  sentinel: {
    channel: HELLO,
    commands:
      'ping info role multi exec slaveof config|rewrite client|setname client|kill script|kill subscribe publish',
  },
  replication: { commands: 'ping replconf psync' },
};

const ON_SENTINEL: Readonly<Partial<Record<RedisUser, Rights>>> = {
  warden: {
    commands:
      'ping info role sentinel|get-master-addr-by-name sentinel|master sentinel|replicas sentinel|sentinels ' +
      'sentinel|ckquorum sentinel|myid sentinel|is-master-down-by-addr sentinel|failover sentinel|debug sentinel|set',
  },
  sentinel: {
    channel: HELLO,
    commands: 'ping client|setname publish sentinel|is-master-down-by-addr',
  },
};

/** The users of a Redis node, and as which of them it follows a primary. Throws for a password with a control character. */
export function redisUserLines(passwords: RedisPasswords): string[] {
  return [
    ...userLines(ON_REDIS, passwords),
    `masteruser ${redisUserName('replication')}`,
    `masterauth ${quoted('password of the user replication', passwords.replication)}`,
  ];
}

/** The users of a Sentinel, and as which of them it talks to Redis nodes and to other Sentinels. Throws as above. */
export function sentinelUserLines(primaryName: string, passwords: RedisPasswords): string[] {
  const name = redisUserName('sentinel');
  const password = quoted('password of the user sentinel', passwords.sentinel);
  return [
    ...userLines(ON_SENTINEL, passwords),
    `sentinel sentinel-user ${name}`,
    `sentinel sentinel-pass ${password}`,
    `sentinel auth-user ${primaryName} ${name}`,
    `sentinel auth-pass ${primaryName} ${password}`,
  ];
}

function userLines(
  rights: Readonly<Partial<Record<RedisUser, Rights>>>,
  passwords: RedisPasswords,
): string[] {
  const users = REDIS_USERS.flatMap((user) => {
    const own = rights[user];
    if (own === undefined) return [];
    const keys = own.writes === undefined ? [] : [ALL_READ, ...own.writes.map((pattern) => `~${pattern}`)];
    const channels = ['resetchannels', ...(own.channel === undefined ? [] : [own.channel])];
    const commands = own.commands.split(' ').map((command) => `+${command}`);
    const words = ['on', hashOf(passwords[user]), ...channels, ...keys, '-@all', ...commands];
    return [`user ${redisUserName(user)} ${words.join(' ')}`];
  });
  return [DEFAULT_USER, ...users];
}

/** As Redis writes it itself: the password does not stand in the file. */
function hashOf(password: string): string {
  return `#${createHash('sha256').update(password).digest('hex')}`;
}
