/** For the tests: a password for each Redis user, connections as one of them, and commands whose refusals are texts. */
import { type RedisUser, redisUserName } from '@holdfast/configuration';
import { type Command, type Endpoint, RedisError, type RedisNodes, type RedisReply } from '@holdfast/ha-core';
import { createRedisNodes } from '@holdfast/redis';

/** Quotes and backslashes, because a line of redis.conf must hold them. */
export const PASSWORDS: Readonly<Record<RedisUser, string>> = {
  backend: 'password of backends',
  engine: 'password of engines',
  sync: 'password of sync',
  warden: 'password of "wardens" \\',
  sentinel: 'password of \\"Sentinels"',
  replication: 'password of "replicas"',
};

/** Connections as one user; over TLS where the certificates are given that the other end must be signed by. */
export const as = (user: RedisUser, ca?: string): RedisNodes =>
  createRedisNodes({
    username: redisUserName(user),
    password: PASSWORDS[user],
    ...(ca === undefined ? {} : { tls: { ca } }),
  });

/** A call of one of our functions. */
export const fcall = (name: string, keys: readonly string[], ...args: string[]): Command => [
  'FCALL',
  name,
  String(keys.length),
  ...keys,
  ...args,
];

/** Runs commands on a connection of their own; an error reply is its text. */
export async function run(
  redis: RedisNodes,
  endpoint: Endpoint,
  commands: readonly Command[],
): Promise<RedisReply[]> {
  const node = await redis.open(endpoint, 1000);
  try {
    const replies = await node.run(commands, 2000);
    return replies.map((reply) => (reply instanceof RedisError ? reply.message : reply));
  } finally {
    node.close();
  }
}

/** The replies that refuse. */
export const refusals = (replies: readonly RedisReply[]): string[] =>
  replies.map(String).filter((text) => /^(NOPERM|NOAUTH|WRONGPASS|ERR|EXECABORT)/.test(text));
