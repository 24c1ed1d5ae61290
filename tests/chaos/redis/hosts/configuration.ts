/**
 * What the hosts run by: a holdfast.yaml for the wardens, and redis.conf and sentinel.conf as the product makes them
 * (libs/topology). The only lines of our own are those that let the checker compare the nodes' data.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Configuration, parseConfiguration } from '@holdfast/configuration';
import { profile, type ProfileName } from '@holdfast/ha-core';
import { redisConf, sentinelConf } from '@holdfast/topology';
import { stringify } from 'yaml';
import { HOSTS, type TestNetwork } from './network.ts';

export const PORTS = { redis: 6379, sentinel: 26_379, wardenPeer: 7100, wardenHealth: 7200 } as const;

export type ClusterFiles = {
  readonly file: string;
  readonly values: Configuration;
  readonly password: string;
  readonly clusterSecret: string;
  /** The number that the ports start from: several clusters can share the hosts. */
  readonly portOffset: number;
};

/** Writes holdfast.yaml and its secrets into the folder. */
export function writeConfiguration(
  folder: string,
  network: TestNetwork,
  options: { readonly profile: ProfileName; readonly portOffset?: number },
): ClusterFiles {
  mkdirSync(join(folder, 'secrets'), { recursive: true, mode: 0o700 });
  const secrets = { redis: 'chaos-redis', cluster: 'chaos-cluster-secret-0123456789', other: 'chaos-other' };
  for (const [name, text] of Object.entries(secrets)) {
    writeFileSync(join(folder, 'secrets', name), `${text}\n`, { mode: 0o600 });
  }
  const portOffset = options.portOffset ?? 0;
  const at = (index: number, port: number) => ({
    host: network.address(HOSTS[index] ?? 'host-1'),
    port: port + portOffset,
  });
  const each = <T>(make: (index: number) => T): T[] => HOSTS.map((_, index) => make(index));
  const unused = (port: number) => ({ host: '127.0.0.1', port });
  const text = stringify({
    cluster: 'chaos',
    profile: options.profile,
    redis: {
      nodes: each((index) => ({ name: `redis-${index + 1}`, ...at(index, PORTS.redis) })),
      sentinels: each((index) => ({ name: `sentinel-${index + 1}`, ...at(index, PORTS.sentinel) })),
      // Named in any case, as the product asks for it; in stock runs nothing runs there.
      wardens: each((index) => ({
        name: `warden-${index + 1}`,
        node: `redis-${index + 1}`,
        peer: at(index, PORTS.wardenPeer),
        health: at(index, PORTS.wardenHealth),
      })),
      passwordFile: 'secrets/redis',
      maxmemoryBytes: 268_435_456,
    },
    // The rest is asked for by the schema; none of it runs here.
    engines: [{ name: 'engine-1', bridge: unused(7101), peer: unused(7102), health: unused(7103) }],
    backends: [{ name: 'backend-1', listen: unused(7201) }],
    api: { listen: unused(8080), keyFile: 'secrets/other' },
    sync: { name: 'sync', api: unused(7301), database: 'results.duckdb' },
    clickhouse: { url: 'http://127.0.0.1:8123' },
    clusterSecretFile: 'secrets/cluster',
    accounts: [
      {
        account: 'chaos',
        margin: 'hedging',
        bridgeSecretFile: 'secrets/other',
        terminals: [{ name: 'terminal-1', role: 'primary' }],
        symbols: ['EURUSD'],
      },
    ],
  });
  const file = join(folder, 'holdfast.yaml');
  writeFileSync(file, text);
  return {
    file,
    values: parseConfiguration(file, text),
    password: secrets.redis,
    clusterSecret: secrets.cluster,
    portOffset,
  };
}

/** Writes redis.conf of a node anew, as before each of its starts; returns its path. */
export function writeRedisConf(files: ClusterFiles, index: number, folder: string): string {
  const node = files.values.redis.nodes[index];
  if (node === undefined) throw new Error(`there is no Redis node ${index}`);
  const text = redisConf({
    node,
    folder,
    redis: files.values.redis,
    numbers: profile(files.values.profile),
    password: files.password,
  });
  const path = join(folder, 'redis.conf');
  // DEBUG DIGEST is how the checker compares the data of two nodes.
  writeFileSync(path, `${text}enable-debug-command yes\n`, { mode: 0o600 });
  return path;
}

/** The text of a Sentinel's first sentinel.conf. */
export function sentinelText(files: ClusterFiles, index: number, folder: string): string {
  const { redis } = files.values;
  const node = redis.sentinels[index];
  const [primary] = redis.nodes;
  if (node === undefined || primary === undefined) throw new Error(`there is no Sentinel ${index}`);
  const numbers = profile(files.values.profile);
  return sentinelConf({ node, folder, redis, numbers, primary, password: files.password });
}
