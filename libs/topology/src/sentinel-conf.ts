/**
 * The text of a Sentinel's configuration, and what a Sentinel has made of it. Sentinel keeps its state (its id, epochs,
 * who the primary is) in this same file, so it is written only when there is none that fits.
 */
import { createHash } from 'node:crypto';
import type { Configuration, RedisSecrets } from '@holdfast/configuration';
import type { Endpoint, Profile } from '@holdfast/ha-core';
import { quoted } from './quoted.ts';
import { portLines } from './redis-tls.ts';
import { sentinelUserLines } from './redis-users.ts';

/** `password` or `users`: as in redis.conf. */
export type SentinelConfOptions = RedisSecrets & {
  readonly node: Endpoint;
  readonly folder: string;
  readonly redis: Configuration['redis'];
  readonly numbers: Profile;
  /** Who is the primary when this Sentinel starts for the first time. */
  readonly primary: Endpoint;
};

/** sentinel.conf for a first start. Throws when the folder or a password has a control character. */
export function sentinelConf(options: SentinelConfOptions): string {
  const { redis, primary } = options;
  const { before, quorum, after } = settings(options);
  const lines = [
    madeFrom(options),
    ...before,
    `sentinel monitor ${redis.primaryName} ${primary.host} ${primary.port} ${quorum}`,
    ...after,
    ...replicaLines(redis, primary),
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * Sentinel learns of replicas from the primary alone. After a start of everything with new files it may name a node that is not to
 * become primary, and that has no replicas: without these lines it would know nobody else to promote.
 */
function replicaLines({ nodes, primaryName }: Configuration['redis'], primary: Endpoint): string[] {
  return nodes
    .filter(({ host, port }) => host !== primary.host || port !== primary.port)
    .map(({ host, port }) => `sentinel known-replica ${primaryName} ${host} ${port}`);
}

/** What does not change while Sentinel runs: the lines before the one that names the primary, and those after it. */
function settings(options: Omit<SentinelConfOptions, 'primary'>) {
  const { node, redis, numbers } = options;
  const name = redis.primaryName;
  const majority = Math.floor(redis.sentinels.length / 2) + 1;
  return {
    quorum: Math.min(numbers.sentinelQuorum, majority),
    before: [
      `bind ${node.host}`,
      ...portLines(node.port, options.tls),
      'protected-mode yes',
      'daemonize no',
      'pidfile ""',
      'logfile ""',
      `dir ${quoted('folder', options.folder)}`,
      'sentinel resolve-hostnames no',
      `sentinel announce-ip ${quoted('host', node.host)}`,
      `sentinel announce-port ${node.port}`,
      'sentinel deny-scripts-reconfig yes',
    ],
    after: [
      `sentinel down-after-milliseconds ${name} ${numbers.sentinelDownAfterMs}`,
      `sentinel failover-timeout ${name} ${numbers.sentinelFailoverTimeoutMs}`,
      `sentinel parallel-syncs ${name} ${numbers.sentinelParallelSyncs}`,
      ...(options.password === undefined ? [] : passwordLines(name, options.password)),
      ...(options.users === undefined ? [] : sentinelUserLines(name, options.users)),
    ],
  };
}

/** A comment by which the file is known again: Sentinel changes its lines and leaves comments as they are. */
function madeFrom(options: Omit<SentinelConfOptions, 'primary'>): string {
  const { before, quorum, after } = settings(options);
  const text = [...before, `quorum ${quorum}`, ...after].join('\n');
  return `# made from ${createHash('sha256').update(text).digest('hex')}`;
}

function passwordLines(name: string, password: string): string[] {
  const text = quoted('password', password);
  return [`requirepass ${text}`, `sentinel sentinel-pass ${text}`, `sentinel auth-pass ${name} ${text}`];
}

/**
 * Whether a file that Sentinel may have rewritten was made from what the configuration says now (addresses, numbers,
 * secrets), and names a node of it as the primary. One that does not fit is to be written anew.
 */
export function sentinelFileFits(text: string, options: Omit<SentinelConfOptions, 'primary'>): boolean {
  const { nodes, primaryName } = options.redis;
  const lines = text.split('\n').map((line) => line.trim());
  const monitor = lines.find((line) => line.startsWith(`sentinel monitor ${primaryName} `)) ?? '';
  const [, , , host = '', port = ''] = monitor.split(/\s+/);
  const isKnown = nodes.some((node) => node.host === host.replaceAll('"', '') && String(node.port) === port);
  return isKnown && lines.includes(madeFrom(options));
}
