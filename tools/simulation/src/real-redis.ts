/**
 * Real Redis processes for tests: a primary and its replicas on free ports of loopback, each with a folder of its own
 * below the system's temporary folder; ended by pid, folders removed. For tests only: it waits with real timers.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Endpoint, RedisNode, RedisNodes } from '@holdfast/ha-core';

export type RealRedis = {
  /** The first is the primary. */
  readonly endpoints: readonly Endpoint[];
  readonly freeze: (index: number) => void;
  readonly resume: (index: number) => void;
  /** kill -9. */
  readonly kill: (index: number) => Promise<void>;
  /** Starts a killed node again in its folder; as a replica of `of`, when given. */
  readonly restart: (index: number, of?: Endpoint) => Promise<void>;
  /** Ends every process that is left and removes the folders. */
  readonly stop: () => Promise<void>;
};

export type RealRedisOptions = {
  /** How to connect, to see when a node is ready: `createRedisNodes()` of @holdfast/redis. */
  readonly nodes: RedisNodes;
  readonly replicas?: number;
  /** Further settings of redis.conf: `{ 'min-replicas-to-write': '1' }`. */
  readonly settings?: Readonly<Record<string, string>>;
};

const SETTINGS = {
  bind: '127.0.0.1',
  appendonly: 'yes',
  appendfsync: 'always',
  save: '',
  'repl-diskless-sync-delay': '0',
  'repl-ping-replica-period': '1',
  'repl-timeout': '5',
};

const READY_WITHIN_MS = 15_000;

/**
 * Starts a primary with its replicas and waits until they are in sync.
 * @throws when redis-server is not installed or a node is not ready in time; nothing is left running then.
 */
export async function startRealRedis(options: RealRedisOptions): Promise<RealRedis> {
  const count = 1 + (options.replicas ?? 2);
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-redis-'));
  const ports = await freePorts(count);
  const endpoints = ports.map((port): Endpoint => ({ host: '127.0.0.1', port }));
  const children = new Map<number, ChildProcess>();
  // A test that ends the process without stopping them leaves none behind.
  const endAll = (): void => {
    for (const child of children.values()) child.kill('SIGKILL');
  };
  process.once('exit', endAll);

  const start = async (index: number, of: Endpoint | undefined): Promise<void> => {
    const endpoint = endpoints[index];
    if (endpoint === undefined) throw new Error(`there is no node ${index}`);
    const dir = join(folder, `node-${index}`);
    mkdirSync(dir, { recursive: true });
    const settings = { ...SETTINGS, ...options.settings, dir, port: String(endpoint.port) };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    if (of !== undefined) args.push('--replicaof', of.host, String(of.port));
    const child = spawn('redis-server', args, { stdio: 'ignore' });
    children.set(index, child);
    const failed = new Promise<never>((_, reject) => {
      child.once('error', (error) =>
        reject(new Error(`cannot start redis-server: ${error.message}`, { cause: error })),
      );
    });
    await Promise.race([failed, until(options.nodes, endpoint, 'PING', (reply) => reply === 'PONG')]);
  };

  const kill = async (index: number): Promise<void> => {
    const child = children.get(index);
    children.delete(index);
    if (
      child === undefined ||
      child.exitCode !== null ||
      child.signalCode !== null ||
      child.pid === undefined
    )
      return;
    const ended = new Promise((resolve) => {
      child.once('exit', resolve);
    });
    child.kill('SIGKILL');
    await ended;
  };

  const stop = async (): Promise<void> => {
    for (const index of children.keys()) await kill(index);
    process.off('exit', endAll);
    rmSync(folder, { recursive: true, force: true });
  };

  try {
    for (let index = 0; index < count; index += 1) await start(index, index === 0 ? undefined : endpoints[0]);
    const [primary] = endpoints;
    if (primary !== undefined) {
      await until(
        options.nodes,
        primary,
        'ROLE',
        (reply) => Array.isArray(reply) && listOf(reply[2]) === count - 1,
      );
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    endpoints,
    freeze: (index) => void children.get(index)?.kill('SIGSTOP'),
    resume: (index) => void children.get(index)?.kill('SIGCONT'),
    kill,
    restart: (index, of) => start(index, of),
    stop,
  };
}

const listOf = (reply: unknown): number => (Array.isArray(reply) ? reply.length : -1);

/** Asks a node one command until the reply is as wanted. */
async function until(
  nodes: RedisNodes,
  endpoint: Endpoint,
  command: string,
  wanted: (reply: unknown) => boolean,
): Promise<void> {
  const endMs = performance.now() + READY_WITHIN_MS;
  let last: unknown;
  while (performance.now() < endMs) {
    let node: RedisNode | undefined;
    try {
      node = await nodes.open(endpoint, 500);
      [last] = await node.run([[command]], 500);
      if (wanted(last)) return;
    } catch (error) {
      last = error;
    } finally {
      node?.close();
    }
    await pause(20);
  }
  throw new Error(`Redis at ${endpoint.host}:${endpoint.port} is not ready: ${command} said ${String(last)}`);
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(0, '127.0.0.1', resolve);
      });
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(
    servers.map(
      (server) =>
        new Promise((resolve) => {
          server.close(resolve);
        }),
    ),
  );
  return ports;
}
