/**
 * How a process opens connections to Redis and Sentinel, and what whoever writes their configuration must know. With
 * `redis.users` each kind of process is a user of its own; without them all have the one password, or none.
 */
import { ConfigurationError } from './configuration-error.ts';
import type { LoadedConfiguration } from './load.ts';
import { readTextFile, UnreadableFile } from './read-file.ts';

/** Who talks to Redis. Sentinels and replicas do so by themselves, with what stands in their configuration. */
export const REDIS_USERS = ['backend', 'engine', 'sync', 'warden', 'sentinel', 'replication'] as const;

export type RedisUser = (typeof REDIS_USERS)[number];

/** The user's name in Redis. */
export const redisUserName = (user: RedisUser): string => `holdfast-${user}`;

/** What a client presents; empty where Redis asks for nothing. */
export type RedisAccess = {
  readonly username?: string;
  readonly password?: string;
  /** Connections are encrypted, and the other end proves itself by a certificate that one of these (PEM) has signed. */
  readonly tls?: { readonly ca: string };
};

/** Files that Redis and Sentinel read themselves; absolute paths. */
export type RedisTlsFiles = { readonly caFile: string; readonly certFile: string; readonly keyFile: string };

/** What Redis and Sentinel themselves are configured with; empty where nobody has to prove anything. */
export type RedisSecrets = {
  readonly password?: string;
  readonly users?: Readonly<Record<RedisUser, string>>;
  readonly tls?: RedisTlsFiles;
};

type WithSecrets = Pick<LoadedConfiguration, 'file' | 'values' | 'secret' | 'path'>;

/** A file of certificates is no larger. */
const CA_BYTES_MAX = 256 * 1024;

/** The access of one user. Throws ConfigurationError when a secret file or the file of certificates cannot be used. */
export function redisAccess(configuration: WithSecrets, who: RedisUser): RedisAccess {
  const { users, tls } = configuration.values.redis;
  const proof =
    users === undefined
      ? commonPassword(configuration)
      : { username: redisUserName(who), password: passwordOf(configuration, users, who) };
  return tls === undefined ? proof : { ...proof, tls: { ca: certificates(configuration, tls.caFile) } };
}

/** All secrets. Throws ConfigurationError when one of their files cannot be used. */
export function redisSecrets(configuration: WithSecrets): RedisSecrets {
  const { path, values } = configuration;
  const { users, tls } = values.redis;
  const encrypted =
    tls === undefined
      ? {}
      : { tls: { caFile: path(tls.caFile), certFile: path(tls.certFile), keyFile: path(tls.keyFile) } };
  if (users === undefined) return { ...commonPassword(configuration), ...encrypted };
  const of = (user: RedisUser): string => passwordOf(configuration, users, user);
  return {
    ...encrypted,
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

function certificates({ file, path }: WithSecrets, caFile: string): string {
  const at = path(caFile);
  const refuse = (message: string, cause?: unknown): never => {
    throw new ConfigurationError(file, [{ path: 'redis.tls.caFile', message: `the file ${at} ${message}` }], {
      cause,
    });
  };
  try {
    const text = readTextFile(at, CA_BYTES_MAX);
    return text.includes('-----BEGIN CERTIFICATE-----') ? text : refuse('holds no certificate, expected PEM');
  } catch (error) {
    if (error instanceof UnreadableFile) return refuse(error.message, error);
    throw error;
  }
}
