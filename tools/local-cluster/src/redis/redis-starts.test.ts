/** How Redis and Sentinel are started: by the gate, from files that are written anew or kept. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redisSecrets } from '@holdfast/configuration';
import { type Host, NodeUnavailable, type RedisNodes } from '@holdfast/ha-core';
import { clusterNodes } from '@holdfast/topology';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PROGRAMS } from '../programs.ts';
import { prepareState, type StateFolder } from '../state/state-folder.ts';
import { createRedisStarts } from './redis-starts.ts';

let above = '';
beforeEach(() => {
  above = mkdtempSync(join(tmpdir(), 'holdfast-starts-'));
});
afterEach(() => rmSync(above, { recursive: true, force: true }));

const host: Host = { monotonicMs: () => 0, wallMs: () => 0, random: () => 0, after: () => () => undefined };
const silent: RedisNodes = {
  open: ({ port }) => Promise.reject(new NodeUnavailable(`${port} is silent`, false)),
};

/** Sentinels that name `port` as the primary. */
const naming = (port: number): RedisNodes => ({
  open: (endpoint) =>
    endpoint.port > 18_010
      ? Promise.resolve({
          endpoint,
          run: () => Promise.resolve([['127.0.0.1', String(port)], []]),
          onClosed: () => undefined,
          close: () => undefined,
        })
      : silent.open(endpoint, 0),
});

function cluster(
  redis: RedisNodes,
  lastPrimary: string | null = null,
  state = prepareState(join(above, 'state'), {}).settle(),
) {
  const notes: string[] = [];
  const starts = createRedisStarts({
    state,
    host,
    redis,
    secrets: redisSecrets(state.configuration),
    keeper: {
      begin: () => undefined,
      change: () => undefined,
      lastPrimary: () => lastPrimary,
      primaryIs: () => undefined,
      end: () => undefined,
    },
    note: (node, line) => notes.push(`${node} ${line}`),
  });
  const { values, file } = state.configuration;
  const folder = (node: string): string => join(state.path, node);
  const places = {
    runtime: 'node',
    redisServer: 'redis-server',
    configuration: file,
    programs: PROGRAMS,
    folder,
  };
  const launch = async (name: string): Promise<string> => {
    const node = clusterNodes(values, places, { embeddedClickHouse: true }).find((one) => one.name === name);
    if (node === undefined) throw new Error(`there is no ${name}`);
    return (await starts.launch(node)).join(' ').replaceAll(state.path, '');
  };
  const text = (path: string): string => readFileSync(join(state.path, path), 'utf8');
  return { state, notes, launch, text };
}

describe('a Redis node', () => {
  it('holds as a replica of itself, with priority 0, and says whom the Sentinels name', async () => {
    const { launch, notes, text } = cluster(naming(18_003));
    expect(await launch('redis-1')).toBe('redis-server /redis-1/redis.conf --replicaof 127.0.0.1 18001');
    expect(notes).toEqual([
      'redis-1 starts holding, with priority 0, until its warden has compared: 2 of 2 other Sentinels name redis-3',
    ]);
    expect(text('redis-1/redis.conf')).toContain('\nreplica-priority 0\n');
  });

  it('is never primary by itself: not at a cold start, not when it was the last one, not when it is named', async () => {
    for (const redis of [silent, naming(18_002)]) {
      const { launch } = cluster(redis, 'redis-2');
      expect(await launch('redis-2')).toContain('--replicaof 127.0.0.1 18002');
      rmSync(join(above, 'state'), { recursive: true });
    }
  });
});

describe('a Sentinel', () => {
  const monitored = (text: string): string | undefined =>
    /^sentinel monitor mymaster \S+ (\d+)/m.exec(text)?.[1];

  it('is told of the first node at a first start', async () => {
    const { launch, text } = cluster(silent);
    expect(await launch('sentinel-1')).toBe('redis-server /sentinel-1/sentinel.conf --sentinel');
    expect(monitored(text('sentinel-1/sentinel.conf'))).toBe('18001');
  });

  const started = async (): Promise<StateFolder> => {
    const { launch, state } = cluster(silent);
    await launch('sentinel-1');
    return state;
  };

  it('keeps a file that fits, because it holds what this Sentinel knows', async () => {
    const state = await started();
    const file = join(state.path, 'sentinel-1', 'sentinel.conf');
    const before = readFileSync(file, 'utf8');
    await cluster(silent, 'redis-3', state).launch('sentinel-1');
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('gets a new one when the profile, the ports or a secret changed, and is told who was primary last', async () => {
    await started();
    const changed = prepareState(join(above, 'state'), { profile: 'seed' }).settle();
    const { launch, text } = cluster(silent, 'redis-3', changed);
    await launch('sentinel-1');
    expect(monitored(text('sentinel-1/sentinel.conf'))).toBe('18003');
    expect(text('sentinel-1/sentinel.conf')).toContain('down-after-milliseconds mymaster 3000');
  });
});
