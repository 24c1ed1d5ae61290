/** What a cluster consists of: names, order, commands and addresses. */
import { describe, expect, it } from 'vitest';
import { clusterNodes, nodeOutlines, type Places } from './cluster-nodes.ts';
import { listeningPoints } from './listening-points.ts';
import { demoConfiguration } from './testing/configuration.ts';

const embedded = { embeddedClickHouse: true };
const places: Places = {
  runtime: '/bin/node',
  redisServer: '/bin/redis-server',
  configuration: '/state/holdfast.yaml',
  programs: {
    engine: '/engine.ts',
    backend: '/backend.ts',
    sync: '/sync.ts',
    warden: '/warden.ts',
    clickhouse: '/clickhouse.ts',
    broker: '/broker.ts',
    terminal: '/terminal.ts',
  },
  folder: (node) => `/state/${node}`,
};

describe('clusterNodes', () => {
  it('starts each node with its own program and name', () => {
    const commands = clusterNodes(demoConfiguration(), places, embedded).map(({ command }) =>
      command.join(' '),
    );
    expect(commands).toEqual([
      '/bin/redis-server /state/redis-1/redis.conf',
      '/bin/redis-server /state/redis-2/redis.conf',
      '/bin/redis-server /state/sentinel-1/sentinel.conf --sentinel',
      '/bin/redis-server /state/sentinel-2/sentinel.conf --sentinel',
      '/bin/redis-server /state/sentinel-3/sentinel.conf --sentinel',
      '/bin/node /warden.ts --config /state/holdfast.yaml --name warden-1',
      '/bin/node /warden.ts --config /state/holdfast.yaml --name warden-2',
      '/bin/node /clickhouse.ts --port 8123 --path /state/clickhouse',
      '/bin/node /broker.ts --config /state/holdfast.yaml',
      '/bin/node /terminal.ts --config /state/holdfast.yaml --name terminal-1',
      '/bin/node /terminal.ts --config /state/holdfast.yaml --name terminal-2',
      '/bin/node /sync.ts --config /state/holdfast.yaml',
      '/bin/node /engine.ts --config /state/holdfast.yaml --name engine-1',
      '/bin/node /backend.ts --config /state/holdfast.yaml --name backend-1',
    ]);
  });

  it('lists each node after those that it needs', () => {
    const nodes = nodeOutlines(demoConfiguration(), embedded);
    const names = nodes.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const [index, { after }] of nodes.entries()) {
      for (const needed of after) expect(names.slice(0, index)).toContain(needed);
    }
  });

  it('starts a warden after its own Redis node, and what writes after all of both', () => {
    const nodes = nodeOutlines(demoConfiguration(), embedded);
    const after = (name: string) => nodes.find((node) => node.name === name)?.after;
    expect(after('warden-2')).toEqual(['redis-2']);
    expect(after('engine-1')).toEqual(['redis-1', 'redis-2', 'warden-1', 'warden-2']);
    expect(nodes.find(({ name }) => name === 'warden-1')?.endpoint).toEqual({
      host: '127.0.0.1',
      port: 7031,
    });
  });

  it('has no broker where the brokers are real, and no ClickHouse where a server is there', () => {
    const real = { ...demoConfiguration(), simulator: undefined };
    const kinds = nodeOutlines(real, { embeddedClickHouse: false }).map(({ kind }) => kind);
    expect(kinds).not.toContain('broker');
    expect(kinds).not.toContain('terminal');
    expect(kinds).not.toContain('clickhouse');
  });
});

describe('listeningPoints', () => {
  it('names every address once, with what it is for', () => {
    const points = listeningPoints(demoConfiguration(), embedded);
    const shown = points.map(({ endpoint, what }) => `${endpoint.port} ${what}`);
    expect(shown).toEqual([
      '8080 the API',
      '7001 redis-1',
      '7002 redis-2',
      '7011 sentinel-1',
      '7012 sentinel-2',
      '7013 sentinel-3',
      '7021 warden-1, peer link',
      '7031 warden-1, health',
      '7022 warden-2, peer link',
      '7032 warden-2, health',
      '7101 engine-1, bridge',
      '7102 engine-1, peer link',
      '7103 engine-1, health',
      '7201 backend-1',
      '7301 sync',
      '8123 clickhouse',
      '7401 broker, terminals',
      '7402 broker, ledger and faults',
    ]);
    expect(points.filter(({ shared }) => shared).map(({ what }) => what)).toEqual(['the API']);
  });
});
