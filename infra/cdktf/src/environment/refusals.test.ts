/** Each wrong environment is refused with the place of the fault and the reason; the right ones are not. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Changes, EXAMPLES, type Example, faultsIn, faultsOf, withExample } from '../testing/example.ts';
import { redisMemoryLeastMiB } from './faults.ts';
import { loadEnvironment } from './load.ts';

type Case = readonly [
  what: string,
  example: Example,
  changes: { readonly environment?: Changes; readonly cluster?: Changes },
  path: string,
  message: string,
];

const CASES: readonly Case[] = [
  [
    'an address that two hosts have',
    'production',
    { environment: { 'address: 10.20.0.12, docker': 'address: 10.20.0.11, docker' } },
    'hosts[1].address',
    '"10.20.0.11" stands at hosts[0] already',
  ],
  [
    'an address that two containers have',
    'local',
    { cluster: { 'name: redis-2, host: 172.28.7.12': 'name: redis-2, host: 172.28.7.21' } },
    'local/holdfast.yaml: redis.sentinels[0]',
    'the address 172.28.7.21 of sentinel-1 is that of redis-2 already',
  ],
  [
    'an address outside the subnet',
    'local',
    { cluster: { 'name: redis-2, host: 172.28.7.12': 'name: redis-2, host: 172.28.8.12' } },
    'local/holdfast.yaml: redis.nodes[1]',
    'its address 172.28.8.12 is not one of 172.28.7.0/24',
  ],
  [
    "the gateway's address",
    'local',
    { cluster: { 'name: redis-2, host: 172.28.7.12': 'name: redis-2, host: 172.28.7.1' } },
    'local/holdfast.yaml: redis.nodes[1]',
    'its address 172.28.7.1 is not one of',
  ],
  [
    'an address that is handed out to others',
    'local',
    { cluster: { 'name: redis-2, host: 172.28.7.12': 'name: redis-2, host: 172.28.7.130' } },
    'local/holdfast.yaml: redis.nodes[1]',
    'without 172.28.7.128/25, which is handed out',
  ],
  [
    'one container at two addresses',
    'local',
    { cluster: { 'peer: { host: 172.28.7.41': 'peer: { host: 172.28.7.44' } },
    'local/holdfast.yaml: engines[0]',
    'listens at 172.28.7.41, 172.28.7.44, expected one address for one container',
  ],
  [
    'two Redis nodes on one host of several',
    'production',
    { cluster: { 'redis-2, host: 10.20.0.12, port: 6379': 'redis-2, host: 10.20.0.11, port: 6380' } },
    'production/holdfast.yaml: redis.nodes[1]',
    'redis-2 runs on host-1 as redis-1 does, expected another host',
  ],
  [
    'two Sentinels on one host of several',
    'production',
    { cluster: { 'sentinel-2, host: 10.20.0.12, port: 26379': 'sentinel-2, host: 10.20.0.11, port: 26380' } },
    'production/holdfast.yaml: redis.sentinels[1]',
    'sentinel-2 runs on host-1 as sentinel-1 does',
  ],
  [
    'a warden away from its node',
    'production',
    {
      cluster: {
        'warden-1, node: redis-1': 'warden-1, node: redis-2',
        'warden-2, node: redis-2': 'warden-2, node: redis-1',
      },
    },
    'production/holdfast.yaml: redis.wardens[0]',
    'warden-1 runs on host-1, expected host-2, beside its node redis-2',
  ],
  [
    'an address of no host',
    'production',
    { cluster: { 'backend-3, listen: { host: 10.20.0.13': 'backend-3, listen: { host: 10.20.0.14' } },
    'production/holdfast.yaml: backends[2]',
    'its address 10.20.0.14 is that of no host, expected one of: host-1 (10.20.0.11)',
  ],
  [
    'a host that is not there',
    'production',
    { environment: { 'prometheus: { host: host-3': 'prometheus: { host: host-4' } },
    'published.prometheus.host',
    '"host-4" is not a host, expected one of: host-1, host-2, host-3',
  ],
  [
    'no host where there are several',
    'production',
    { environment: { 'prometheus: { host: host-3, port': 'prometheus: { port' } },
    'published.prometheus.host',
    'missing, expected one of: host-1, host-2, host-3',
  ],
  [
    'an even number of Sentinels',
    'local',
    { cluster: { '    - { name: sentinel-3, host: 172.28.7.23, port: 26379 }\n': '' } },
    'redis.sentinels',
    '2 Sentinels, expected an odd number',
  ],
  [
    'an unknown profile',
    'local',
    { cluster: { 'profile: fast': 'profile: rapid' } },
    'profile',
    'found "rapid", expected one of: fast, seed',
  ],
  [
    'a port that two published parts would take',
    'local',
    { environment: { 'grafana: { port: 3000 }': 'grafana: { port: 9090 }' } },
    'published.grafana',
    'grafana would listen on 127.0.0.1:9090 of here, where prometheus does',
  ],
  [
    "a published port that is a process's on that host",
    'production',
    { environment: { 'address: 10.20.0.11, port: 8080': 'address: 10.20.0.11, port: 8000' } },
    'published.loadBalancers[0]',
    'load-balancer-1 would listen on 10.20.0.11:8000 of host-1, where backend-1 does',
  ],
  [
    "a backend's own port that is the API's in the same container",
    'local',
    { cluster: { 'listen: { host: 127.0.0.1, port: 8080 }': 'listen: { host: 0.0.0.0, port: 8000 }' } },
    'local/holdfast.yaml: api.listen',
    'the API would listen on 0.0.0.0:8000 of the container of backend-1, where backend-1 does',
  ],
  [
    'a limit below what Redis needs',
    'local',
    { environment: { 'redis: { memoryMiB: 512': 'redis: { memoryMiB: 511' } },
    'limits.redis.memoryMiB',
    '511, expected at least 512: 1.5 times redis.maxmemoryBytes (268435456) for copy-on-write',
  ],
  [
    'an image whose tag moves',
    'local',
    { environment: { 'haproxy:3.0.11': 'haproxy:latest' } },
    'images.loadBalancer',
    '"haproxy:latest" moves, expected a fixed version',
  ],
  [
    'an image without a tag',
    'local',
    { environment: { 'haproxy:3.0.11': 'haproxy' } },
    'images.loadBalancer',
    'expected an image with a tag or a digest',
  ],
  [
    'a secret that is not mounted there',
    'local',
    { cluster: { 'keyFile: /run/secrets/holdfast/api.key': 'keyFile: secrets/api.key' } },
    'local/holdfast.yaml: api.keyFile',
    '"secrets/api.key" is not there in a container, expected "/run/secrets/holdfast/api.key"',
  ],
  [
    'a shared address that no backend has',
    'local',
    { cluster: { 'listen: { host: 127.0.0.1, port: 8080 }': 'listen: { host: 172.28.7.50, port: 8080 }' } },
    'local/holdfast.yaml: api.listen.host',
    '"172.28.7.50", expected 127.0.0.1 or 0.0.0.0',
  ],
  [
    'data outside the volumes',
    'local',
    { cluster: { 'database: /var/lib/holdfast/results.duckdb': 'database: results.duckdb' } },
    'local/holdfast.yaml: sync.database',
    '"results.duckdb", expected a path below /var/lib/holdfast',
  ],
  [
    'Redis without a password on an address that others reach',
    'production',
    {
      cluster: {
        '  users:\n    backend: { passwordFile: /run/secrets/holdfast/redis.backend }\n    engine: { passwordFile: /run/secrets/holdfast/redis.engine }\n    sync: { passwordFile: /run/secrets/holdfast/redis.sync }\n    warden: { passwordFile: /run/secrets/holdfast/redis.warden }\n    sentinel: { passwordFile: /run/secrets/holdfast/redis.sentinel }\n    replication: { passwordFile: /run/secrets/holdfast/redis.replication }\n':
          '',
      },
    },
    'production/holdfast.yaml: redis',
    'neither users nor passwordFile, expected one: redis-1 can be reached by everybody at 10.20.0.11',
  ],
  [
    'a simulator without an image',
    'local',
    {
      environment: {
        '  simulator: holdfast/simulator:0.1.0\n': '',
        '  simulator: { memoryMiB: 192, cpus: 1 }\n': '',
      },
    },
    'local/holdfast.yaml: simulator',
    'is there without images.simulator',
  ],
  [
    'limits without an image',
    'local',
    { environment: { '  clickhouse: clickhouse/clickhouse-server:25.3.2.39\n': '' } },
    'images.clickhouse',
    'missing, expected because limits.clickhouse is there',
  ],
  [
    'a bridge over several hosts',
    'production',
    { environment: { 'mode: host': 'mode: bridge, subnet: 10.20.0.0/24, dynamic: 10.20.0.128/25' } },
    'network.mode',
    'bridge with 3 hosts, expected host',
  ],
  [
    'a bridge without its network',
    'local',
    { environment: { ', subnet: 172.28.7.0/24': '' } },
    'network.subnet',
    'missing, expected with mode bridge',
  ],
  [
    'an unknown key',
    'local',
    { environment: { 'published:': 'publish: {}\npublished:' } },
    'publish',
    'unknown key, expected one of: name, hosts, network',
  ],
];

describe('an environment is refused', () => {
  it.each(CASES)('%s', (_what, example, changes, path, message) => {
    const faults = faultsOf(example, changes);
    expect(faults.map((fault) => fault.path)).toContain(path);
    expect(faults.filter((fault) => fault.path === path).map((fault) => fault.message)).toContainEqual(
      expect.stringContaining(message),
    );
  });

  it('with the line where one is known, and with all faults at once', () => {
    const faults = faultsOf('local', {
      environment: { 'haproxy:3.0.11': 'haproxy:latest', ', subnet: 172.28.7.0/24': '' },
    });
    expect(faults.map(({ path }) => path).toSorted()).toEqual(['images.loadBalancer', 'network.subnet']);
    expect(faults.every(({ line }) => line !== undefined)).toBe(true);
  });
});

describe('a secret', () => {
  const load = (secrets: Readonly<Record<string, string>>) =>
    withExample('local', {}, (file, folder) => {
      const localSecrets = join(folder, 'secrets');
      mkdirSync(localSecrets);
      for (const [name, text] of Object.entries(secrets)) writeFileSync(join(localSecrets, name), text);
      return loadEnvironment(file, { localSecrets });
    });
  const all = {
    redis: 'a',
    'api.key': 'a',
    clickhouse: 'a',
    cluster: 'a',
    bridge: 'a',
    'grafana.admin': 'a',
  };

  it('that is missing or empty is told with its field; none of those that are there is read', () => {
    const { cluster: _, ...without } = all;
    const faults = faultsIn(() => load({ ...without, clickhouse: '' }));
    expect(faults.map(({ path }) => path)).toEqual([
      'local/holdfast.yaml: clickhouse.passwordFile',
      'local/holdfast.yaml: clusterSecretFile',
    ]);
    expect(faults[1]?.message).toContain('the secret cluster is not in');
  });

  it('that is there is no fault', () => {
    expect(load(all).name).toBe('local');
  });
});

describe('what is right is not refused', () => {
  it.each(EXAMPLES)('the example %s', (example) => {
    expect(faultsOf(example, {})).toEqual([]);
  });

  it('everything on loopback of one host, without a password', () => {
    const loopback = {
      environment: { 'mode: bridge, subnet: 172.28.7.0/24, dynamic: 172.28.7.128/25': 'mode: host' },
    };
    const faults = faultsOf('local', loopback);
    // The addresses are those of the bridge still, and nothing else is wrong.
    expect(faults.every(({ message }) => message.includes('is that of no host'))).toBe(true);
  });
});

it('more memory for data wants more memory for its container', () => {
  expect(redisMemoryLeastMiB(2 * 1024 ** 3)).toBe(3200);
  expect(redisMemoryLeastMiB(1024 ** 3)).toBeLessThan(redisMemoryLeastMiB(2 * 1024 ** 3));
});
