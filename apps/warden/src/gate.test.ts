/** The question to the Sentinels, and the command for service managers. gate-real.test.ts asks a real Sentinel. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Endpoint,
  type Host,
  NodeUnavailable,
  RedisError,
  type RedisNodes,
  type RedisReply,
} from '@holdfast/ha-core';
import { afterAll, describe, expect, it } from 'vitest';
import { gateLines, passGate } from './gate.ts';

const at = (name: string, port: number) => ({ name, host: '127.0.0.1', port });
const nodes = [at('redis-1', 7001), at('redis-2', 7002), at('redis-3', 7003)];
const sentinels = [at('sentinel-1', 7011), at('sentinel-2', 7012), at('sentinel-3', 7013)];
const host: Host = { monotonicMs: () => 0, wallMs: () => 0, random: () => 0, after: () => () => undefined };

type Answer = readonly [RedisReply, RedisReply] | 'silent';
const names = (port: number, epoch = 1): Answer => [
  ['127.0.0.1', String(port)],
  ['name', 'mymaster', 'config-epoch', String(epoch)],
];

/** Sentinels that answer what is given, in their order. */
function pass(self: string, answers: readonly Answer[]) {
  const deadlines: number[] = [];
  const open = (endpoint: Endpoint, deadlineMs: number): ReturnType<RedisNodes['open']> => {
    deadlines.push(deadlineMs);
    const answer = answers[sentinels.findIndex(({ port }) => port === endpoint.port)] ?? 'silent';
    if (answer === 'silent') return Promise.reject(new NodeUnavailable(`${endpoint.port} is silent`, false));
    const run = (_: unknown, limitMs: number) => {
      deadlines.push(limitMs);
      return Promise.resolve([...answer]);
    };
    return Promise.resolve({ endpoint, run, onClosed: () => undefined, close: () => undefined });
  };
  const passed = passGate({ host, redis: { open }, nodes, sentinels, primaryName: 'mymaster' }, self);
  return passed.then(({ replicaOf, why }) => ({ of: replicaOf?.name, why, deadlines }));
}

describe('passGate', () => {
  it('asks all Sentinels, for half a second at most, and tells whom they name', async () => {
    const { of, why, deadlines } = await pass('redis-1', [names(7001), names(7003), names(7003)]);
    expect([of, why]).toEqual(['redis-1', '2 of 2 other Sentinels name redis-3']);
    expect(Math.max(...deadlines)).toBe(500);
  });

  it('goes by the epoch where they differ', async () => {
    const { why } = await pass('redis-1', [names(7001), names(7002, 3), names(7003, 4)]);
    expect(why).toBe('1 of 2 other Sentinels name redis-3');
  });

  it('says who gave no word, and why', async () => {
    const refused: Answer = [new RedisError('WRONGPASS invalid username-password pair'), null];
    expect(await pass('redis-1', ['silent', refused, [null, null]])).toMatchObject({
      of: 'redis-1',
      why: 'no Sentinel answers (no word from sentinel-1: 7011 is silent; sentinel-2: WRONGPASS invalid username-password pair; sentinel-3: it knows no primary of this name)',
    });
  });
});

describe('gateLines', () => {
  it('never lets a node be promoted by its start', () => {
    expect(gateLines({ replicaOf: at('redis-2', 7002), why: '' })).toBe(
      'replicaof 127.0.0.1 7002\nreplica-priority 0\n',
    );
    expect(gateLines({ replicaOf: undefined, why: '' })).toBe('replica-priority 0\n');
  });
});

describe('the command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-gate-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const config = join(folder, 'holdfast.yaml');
  // Ports on which nothing listens.
  const local = (port: number) => ({ host: '127.0.0.1', port });
  const values = {
    cluster: 'test',
    redis: {
      nodes: [1, 2].map((port) => ({ name: `redis-${port}`, ...local(port) })),
      sentinels: [{ name: 'sentinel-1', ...local(3) }],
      wardens: [1, 2].map((of) => ({
        name: `warden-${of}`,
        node: `redis-${of}`,
        peer: local(10 + of),
        health: local(20 + of),
      })),
    },
    engines: [{ name: 'engine-1', bridge: local(31), peer: local(32), health: local(33) }],
    backends: [{ name: 'backend-1', listen: local(34) }],
    api: { listen: local(35), keyFile: 'api.key' },
    sync: { name: 'sync', api: local(36), database: 'results.duckdb' },
    clickhouse: { url: 'http://127.0.0.1:37' },
    clusterSecretFile: 'cluster',
    accounts: [
      {
        account: 'demo',
        margin: 'hedging',
        bridgeSecretFile: 'bridge',
        terminals: [{ name: 'terminal-1', role: 'primary' }],
        symbols: ['EURUSD'],
      },
    ],
  };
  // JSON is YAML.
  writeFileSync(config, JSON.stringify(values));

  const run = (...args: string[]) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const program = fileURLToPath(new URL('./gate-main.ts', import.meta.url));
      execFile(process.execPath, [program, ...args], { timeout: 8000 }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code), out, err }),
      );
    });

  it('writes the lines whole, for the owner alone, says why, and ends with 0 though nobody answers', async () => {
    const file = join(folder, 'gate.conf');
    const data = mkdtempSync(join(folder, 'data-'));
    const given = ['--config', config, '--name', 'redis-2', '--out', file, '--data', data];
    const { code, out } = await run(...given);
    expect(code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe('replicaof 127.0.0.1 2\nreplica-priority 0\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(out).toContain(
      'redis-2 starts holding, with priority 0, until its warden has compared: no Sentinel answers',
    );
    expect(readdirSync(folder)).toEqual([basename(data), 'gate.conf', 'holdfast.yaml']);
    // damaged-data.test.ts says what comes of it.
    expect(readdirSync(data)).toEqual(['gate-passes.json']);
  });

  it('refuses a node that the configuration has not', async () => {
    const unknown = await run('--config', config, '--name', 'redis-9', '--out', join(folder, 'none'));
    expect([unknown.code, unknown.err.trim()]).toEqual([
      2,
      `--name redis-9: expected one of the Redis nodes in ${config}: redis-1, redis-2`,
    ]);
  });
});
