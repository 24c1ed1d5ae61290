/** The gate with real processes: what a Sentinel answers, and that Redis starts as the gate says whatever it had become before. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command, Endpoint, RedisReply } from '@holdfast/ha-core';
import { realHost } from '@holdfast/process';
import { createRedisNodes, parseRole } from '@holdfast/redis';
import { freePorts, redisServer } from '@holdfast/redis/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gateLines, passGate } from './gate.ts';

const redis = createRedisNodes();
const folder = mkdtempSync(join(tmpdir(), 'holdfast-gate-'));
const children: ChildProcess[] = [];
let ports: number[] = [];
beforeAll(async () => {
  ports = await freePorts(2);
});
afterAll(async () => {
  await Promise.all(children.map(ended));
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string, port = 0) => ({ name, host: '127.0.0.1', port });
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const start = (...args: string[]): ChildProcess => {
  const child = spawn(redisServer(), args, { stdio: 'ignore', cwd: folder });
  children.push(child);
  return child;
};

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

async function run(endpoint: Endpoint, commands: readonly Command[]): Promise<RedisReply[]> {
  const node = await redis.open(endpoint, 1000);
  try {
    return await node.run(commands, 1000);
  } finally {
    node.close();
  }
}

async function answering(endpoint: Endpoint): Promise<void> {
  const endMs = realHost.monotonicMs() + 8000;
  for (;;) {
    const said = await run(endpoint, [['PING']]).catch((error: unknown) => [String(error)]);
    if (said[0] === 'PONG') return;
    if (realHost.monotonicMs() > endMs) throw new Error(`no answer at ${endpoint.port}: ${String(said[0])}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}

it('a Sentinel is understood, also when nothing runs that it names', async () => {
  const [port = 0] = ports;
  const text = `bind 127.0.0.1\nport ${port}\nsentinel monitor mymaster 127.0.0.1 7002 2\n`;
  start(file('sentinel.conf', text), '--sentinel');
  await answering(at('sentinel-2', port));
  const nodes = [at('redis-1', 7001), at('redis-2', 7002), at('redis-3', 7003)];
  // The first and the third listen nowhere.
  const sentinels = [at('sentinel-1', 1), at('sentinel-2', port), at('sentinel-3', 2)];
  const options = { host: realHost, redis, nodes, sentinels, primaryName: 'mymaster' };
  const first = await passGate(options, 'redis-1');
  expect(first.replicaOf?.name).toBe('redis-1');
  expect(first.why).toMatch(/^1 of 1 other Sentinels name redis-2 \(no word from sentinel-1: .*sentinel-3: /);
  expect((await passGate(options, 'redis-2')).why).toMatch(
    /^only the Sentinel beside it answers, and names this node itself/,
  );
  const other = await passGate({ ...options, primaryName: 'other' }, 'redis-1');
  expect(other.why).toContain('sentinel-2: it knows no primary of this name');
});

describe('redis-server redis.conf --include gate.conf', () => {
  it('starts holding, as a replica of itself, also after it was primary and wrote that into redis.conf', async () => {
    const port = ports[1] ?? 0;
    const node = at('redis-1', port);
    const conf = file('redis.conf', `bind 127.0.0.1\nport ${port}\nsave ""\n`);
    const gate = file('gate.conf', gateLines({ replicaOf: node, why: '' }));
    const state = async (): Promise<unknown[]> => {
      const [role, priority] = await run(node, [['ROLE'], ['CONFIG', 'GET', 'replica-priority']]);
      const said = parseRole(role);
      return [said.is === 'replica' ? said.of : said.is, (priority as RedisReply[])[1]];
    };
    const child = start(conf, '--include', gate);
    await answering(node);
    expect(await state()).toEqual([`127.0.0.1:${port}`, '0']);
    await run(node, [
      ['REPLICAOF', 'NO', 'ONE'],
      ['CONFIG', 'SET', 'replica-priority', '100'],
      ['CONFIG', 'REWRITE'],
    ]);
    expect(await state()).toEqual(['primary', '100']);
    await ended(child);
    start(conf, '--include', gate);
    await answering(node);
    expect(await state()).toEqual([`127.0.0.1:${port}`, '0']);
  });
});
