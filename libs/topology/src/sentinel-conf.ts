/**
 * The text of a Sentinel's configuration, and what a Sentinel has made of it. Sentinel keeps its state (its id, epochs,
 * who the primary is) in this same file, so it is written once, when it is not there.
 */
import type { Configuration } from '@holdfast/configuration';
import type { Endpoint, Profile } from '@holdfast/ha-core';
import { quoted } from './redis-conf.ts';

export type SentinelConfOptions = {
  readonly node: Endpoint;
  readonly folder: string;
  readonly redis: Configuration['redis'];
  readonly numbers: Profile;
  /** Who is the primary when this Sentinel starts for the first time. */
  readonly primary: Endpoint;
  readonly password?: string;
};

/** sentinel.conf for a first start. Throws when folder or password has a control character. */
export function sentinelConf(options: SentinelConfOptions): string {
  const { node, redis, numbers, primary } = options;
  const name = redis.primaryName;
  const majority = Math.floor(redis.sentinels.length / 2) + 1;
  const lines = [
    `bind ${node.host}`,
    `port ${node.port}`,
    'protected-mode yes',
    'daemonize no',
    'pidfile ""',
    'logfile ""',
    `dir ${quoted('folder', options.folder)}`,
    'sentinel resolve-hostnames no',
    `sentinel announce-ip ${quoted('host', node.host)}`,
    `sentinel announce-port ${node.port}`,
    'sentinel deny-scripts-reconfig yes',
    `sentinel monitor ${name} ${primary.host} ${primary.port} ${Math.min(numbers.sentinelQuorum, majority)}`,
    `sentinel down-after-milliseconds ${name} ${numbers.sentinelDownAfterMs}`,
    `sentinel failover-timeout ${name} ${numbers.sentinelFailoverTimeoutMs}`,
    `sentinel parallel-syncs ${name} ${numbers.sentinelParallelSyncs}`,
    ...(options.password === undefined ? [] : passwordLines(name, options.password)),
  ];
  return `${lines.join('\n')}\n`;
}

function passwordLines(name: string, password: string): string[] {
  const text = quoted('password', password);
  return [`requirepass ${text}`, `sentinel sentinel-pass ${text}`, `sentinel auth-pass ${name} ${text}`];
}

/** What a Sentinel's own file says: its port, its numbers, and who it holds to be the primary. */
export type SentinelFile = {
  readonly port: number;
  readonly primary: Endpoint;
  /**
   * Grows with each failover. Of several files the one with the highest is right: that is how Sentinels settle it
   * among themselves.
   */
  readonly configEpoch: number;
  readonly downAfterMs: number;
  readonly failoverTimeoutMs: number;
  readonly parallelSyncs: number;
};

/** Reads a file that Sentinel may have rewritten; undefined when it does not name a port and a primary. */
export function readSentinelFile(text: string, primaryName: string): SentinelFile | undefined {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  const said = (verb: string): readonly string[] | undefined =>
    lines.find(([first, second, third]) => first === 'sentinel' && second === verb && third === primaryName);
  // Sentinel leaves out what is at its default.
  const number = (verb: string, byDefault: number): number => Number(said(verb)?.[3] ?? byDefault);
  const port = Number(lines.find(([first]) => first === 'port')?.[1]);
  const [, , , host = '', primaryPort] = said('monitor') ?? [];
  const primary = { host: host.replaceAll('"', ''), port: Number(primaryPort) };
  const configEpoch = number('config-epoch', 0);
  if (![port, primary.port, configEpoch].every(Number.isInteger) || primary.host === '') return undefined;
  return {
    port,
    primary,
    configEpoch,
    downAfterMs: number('down-after-milliseconds', 30_000),
    failoverTimeoutMs: number('failover-timeout', 180_000),
    parallelSyncs: number('parallel-syncs', 1),
  };
}

/** Whether a Sentinel's file still says what the configuration does: its port, a known primary, the profile's numbers. */
export function sentinelFileFits(
  file: SentinelFile,
  options: Pick<SentinelConfOptions, 'node' | 'redis' | 'numbers'>,
): boolean {
  const { node, redis, numbers } = options;
  return (
    file.port === node.port &&
    redis.nodes.some(({ host, port }) => host === file.primary.host && port === file.primary.port) &&
    file.downAfterMs === numbers.sentinelDownAfterMs &&
    file.failoverTimeoutMs === numbers.sentinelFailoverTimeoutMs &&
    file.parallelSyncs === numbers.sentinelParallelSyncs
  );
}
