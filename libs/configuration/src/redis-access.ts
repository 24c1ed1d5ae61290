/**
 * How a process opens connections to Redis and Sentinel, and what whoever writes their configuration must know. With
 * `redis.users` each kind of process is a user of its own; without them all have the one password, or none.
 */
import type { LoadedConfiguration } from './load.ts';

/** Who talks to Redis. Sentinels and replicas do so by themselves, with what stands in their configuration. */
export const REDIS_USERS = ['backend', 'engine', 'sync', 'warden', 'sentinel', 'replication'] as const;

export type RedisUser = (typeof REDIS_USERS)[number];

/** The user's name in Redis. */
export const redisUserName = (user: RedisUser): string => `holdfast-${user}`;

/** What a client presents; empty where Redis asks for nothing. */
export type RedisAccess = {
  readonly username?: string;
  readonly password?: string;
};

/** What Redis and Sentinel themselves are configured with; empty where nobody has to prove anything. */
export type RedisSecrets = {
  readonly password?: string;
  readonly users?: Readonly<Record<RedisUser, string>>;
};

type WithSecrets = Pick<LoadedConfiguration, 'values' | 'secret'>;

/** The access of one user. Throws ConfigurationError when the secret file cannot be used. */
export function redisAccess(configuration: WithSecrets, who: RedisUser): RedisAccess {
  const { users } = configuration.values.redis;
  if (users === undefined) return commonPassword(configuration);
  return { username: redisUserName(who), password: passwordOf(configuration, users, who) };
}

/** All secrets. Throws ConfigurationError when one of their files cannot be used. */
export function redisSecrets(configuration: WithSecrets): RedisSecrets {
  const { users } = configuration.values.redis;
  if (users === undefined) return commonPassword(configuration);
  const of = (user: RedisUser): string => passwordOf(configuration, users, user);
  return {
    users: {
      backend: of('backend'),
      engine: of('engine'),
      sync: of('sync'),
      warden: of('warden'),
      sentinel: of('sentinel'),
      replication: of('replication'),
    },
  };
}

function commonPassword({ values, secret }: WithSecrets): { readonly password?: string } {
  const { passwordFile } = values.redis;
  return passwordFile === undefined ? {} : { password: secret('redis.passwordFile', passwordFile) };
}

function passwordOf(
  { secret }: WithSecrets,
  users: NonNullable<LoadedConfiguration['values']['redis']['users']>,
  who: RedisUser,
): string {
  return secret(`redis.users.${who}.passwordFile`, users[who].passwordFile);
}
