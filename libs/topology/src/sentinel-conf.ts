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

/** What a Sentinel's file says about the primary. */
export type MonitoredPrimary = { readonly primary: Endpoint; readonly configEpoch: number };

/**
 * Reads who the primary is from a file that Sentinel has rewritten; undefined when it does not say. Of several files
 * the one with the highest `configEpoch` is right: that is how Sentinels settle it among themselves.
 */
export function monitoredPrimary(text: string, primaryName: string): MonitoredPrimary | undefined {
  let primary: Endpoint | undefined;
  let configEpoch = 0;
  for (const line of text.split('\n')) {
    const words = line.trim().split(/\s+/);
    if (words[0] !== 'sentinel' || words[2] !== primaryName) continue;
    const [, verb, , first = '', second = ''] = words;
    if (verb === 'monitor') primary = { host: first.replaceAll('"', ''), port: Number(second) };
    if (verb === 'config-epoch') configEpoch = Number(first);
  }
  if (primary === undefined || !Number.isInteger(primary.port) || !Number.isInteger(configEpoch)) {
    return undefined;
  }
  return { primary, configEpoch };
}
