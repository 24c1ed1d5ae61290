/** What must hold for every container, volume and network of every environment that is in the tree. */
import { profile } from '@holdfast/ha-core';
import { describe, expect, it } from 'vitest';
import type { Environment } from './environment/load.ts';
import {
  changedExample,
  type ContainerText,
  containersOf,
  EXAMPLES,
  stackTexts,
  variable,
} from './testing/example.ts';

const ourImages = (container: ContainerText): boolean => container.entrypoint === undefined;

describe.each(EXAMPLES)('the environment %s', (example) => {
  const environment: Environment = changedExample(example);
  const texts = stackTexts(environment);
  const containers = containersOf(environment);
  const kinds = (kind: string): readonly string[] =>
    environment.processes.filter((process) => process.kind === kind).map(({ name }) => name);

  it('has a container for every process, and no other', () => {
    expect([...containers.keys()].toSorted()).toEqual(
      environment.processes.map(({ name }) => name).toSorted(),
    );
  });

  it('keeps data apart from what has none', () => {
    expect(Object.keys(texts.get('base')?.resource ?? {})).not.toContain('docker_container');
    for (const part of ['data', 'apps', 'monitoring'] as const) {
      expect(Object.keys(texts.get(part)?.resource ?? {}).toSorted()).toEqual([
        'docker_container',
        'docker_image',
      ]);
    }
    expect(Object.keys(texts.get('data')?.resource.docker_container ?? {}).toSorted()).toEqual(
      ['redis', 'sentinel', 'warden', 'clickhouse'].flatMap(kinds).toSorted(),
    );
  });

  it('has three Sentinels, three Redis nodes and a quorum of two', () => {
    for (const kind of ['redis', 'sentinel', 'warden']) expect(kinds(kind)).toHaveLength(3);
    expect(profile(environment.cluster.profile).sentinelQuorum).toBe(2);
  });

  it.each([...containers])('%s is unprivileged, with a read-only root', (_name, container) => {
    expect(container).toMatchObject({
      read_only: true,
      capabilities: { drop: ['ALL'] },
      security_opts: ['no-new-privileges:true'],
    });
    expect(container.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    for (const key of ['privileged', 'devices', 'pid_mode', 'ipc_mode', 'group_add', 'upload', 'mounts']) {
      expect(container).not.toHaveProperty(key);
    }
  });

  it.each([...containers])(
    '%s has a health check, limits, bounded logs, and is started again',
    (_name, container) => {
      expect(container.healthcheck.test[0]).toBe('CMD');
      expect(container['memory']).toBeGreaterThan(0);
      expect(container['memory_swap']).toBe(container['memory']);
      expect(container).toMatchObject({
        cpus: expect.stringMatching(/^\d/) as string,
        restart: 'unless-stopped',
        log_driver: 'json-file',
        log_opts: {
          'max-size': expect.stringMatching(/^\d+m$/) as string,
          'max-file': expect.stringMatching(/^\d+$/) as string,
        },
      });
    },
  );

  it.each([...containers])('%s writes its durations as the provider reads them back', (_name, container) => {
    for (const key of ['interval', 'timeout', 'start_period']) {
      expect((container.healthcheck as Record<string, unknown>)[key]).toMatch(/^([1-9]|[1-5]\d)s$/);
    }
  });

  it('publishes no port of Redis, a Sentinel or a warden, and nothing that was not asked for', () => {
    const publishing = [...containers.values()].filter(({ ports }) => ports !== undefined);
    const asked = ['loadBalancer', 'prometheus', 'grafana'].flatMap(kinds);
    for (const { name } of publishing)
      expect(asked.map((one) => `holdfast-${example}-${one}`)).toContain(name);
    for (const { ports } of publishing) expect(ports).toMatchObject([{ ip: '127.0.0.1' }]);
    expect(publishing.length).toBe(environment.values.network.mode === 'bridge' ? asked.length : 0);
  });

  it('pins every image, pulls none that is there, and leaves all of them where they are', () => {
    const images = [...texts.values()].flatMap(({ resource }) => Object.values(resource.docker_image ?? {}));
    expect(images.length).toBeGreaterThan(0);
    for (const image of images) {
      expect(image).toMatchObject({ keep_locally: true });
      expect(image.name).toMatch(/:[\w.-]*\d[\w.-]*$/);
    }
  });

  it('protects every volume, and mounts it where its process writes', () => {
    const volumes = Object.values(texts.get('base')?.resource.docker_volume ?? {});
    for (const volume of volumes) expect(volume).toMatchObject({ lifecycle: { prevent_destroy: true } });
    const mounted = [...containers.values()].flatMap(({ volumes: own }) =>
      (own ?? []).flatMap((one) => (one.volume_name === undefined ? [] : [one.volume_name])),
    );
    expect(mounted.toSorted()).toEqual(volumes.map(({ name }) => name).toSorted());
    expect(containers.get('sync')?.volumes).toContainEqual({
      volume_name: `holdfast-${example}-sync-snapshots`,
      container_path: '/var/lib/duckdb/backups',
    });
  });

  it('mounts the secrets read-only, and holds none', () => {
    for (const { volumes } of containers.values()) {
      for (const volume of (volumes ?? []).filter((one) => one.host_path !== undefined)) {
        expect(volume).toEqual({
          host_path: environment.values.secrets,
          container_path: '/run/secrets/holdfast',
          read_only: true,
        });
      }
    }
  });

  it("waits before each start of our own processes as the profile's table says", () => {
    const numbers = profile(environment.cluster.profile);
    for (const [name, container] of containers) {
      if (!ourImages(container)) continue;
      const expected = kinds('redis').includes(name) ? numbers.redisRestartDelayMs : numbers.restartDelayMs;
      expect(variable(container, 'HOLDFAST_RESTART_DELAY_MS')).toBe(String(expected));
    }
  });

  it('keeps the state of each stack in a file of its own', () => {
    for (const [part, text] of texts) {
      expect(text['terraform']).toMatchObject({
        backend: { local: { path: `${environment.state}/${example}-${part}.tfstate` } },
      });
    }
  });
});

describe('networks', () => {
  it('gives a bridge its subnet, and each node its own address in it', () => {
    const environment = changedExample('local');
    expect(stackTexts(environment).get('base')?.resource.docker_network).toMatchObject({
      network: {
        name: 'holdfast-local',
        ipam_config: [{ subnet: '172.28.7.0/24', ip_range: '172.28.7.128/25' }],
      },
    });
    expect(containersOf(environment).get('redis-1')).toMatchObject({
      hostname: 'redis-1',
      networks_advanced: [{ name: 'holdfast-local', ipv4_address: '172.28.7.11' }],
    });
  });

  it("uses the hosts' own where there are several, each with its Docker engine", () => {
    const environment = changedExample('production');
    const texts = stackTexts(environment);
    expect(texts.get('base')?.resource.docker_network).toBeUndefined();
    for (const container of containersOf(environment).values()) {
      expect(container).toMatchObject({ network_mode: 'host' });
      expect(container).not.toHaveProperty('hostname');
    }
    expect(containersOf(environment).get('redis-2')).toMatchObject({ provider: 'docker.host-2' });
    expect(texts.get('data')?.['provider']).toMatchObject({
      docker: [1, 2, 3].map((n) => ({ alias: `host-${n}`, host: `ssh://holdfast@10.20.0.1${n}` })),
    });
  });
});
