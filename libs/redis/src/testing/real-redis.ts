/**
 * For tests: real Redis processes, a primary and its replicas on free ports of loopback, each with a folder of its own
 * below the system's temporary folder; ended by pid, folders removed. Every test that starts Redis by settings of its
 * own does it here.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Endpoint, type RedisNode, type RedisReply, sleep } from '@holdfast/ha-core';
import { formInSyncSet } from '../form-in-sync-set.ts';
import { createRedisNodes } from '../node.ts';
import { endpointName, parseRole } from '../role.ts';
import { freePorts, redisServer } from './redis-server.ts';
import { testHost } from './test-host.ts';

export type RealRedis = {
  /** The first is the primary. */
  readonly endpoints: readonly Endpoint[];
  readonly freeze: (index: number) => void;
  readonly resume: (index: number) => void;
  /** kill -9. */
  readonly kill: (index: number) => Promise<void>;
  /** Starts a killed node again in its folder; as a replica of `of`, when given. */
  readonly restart: (index: number, of?: Endpoint) => Promise<void>;
  /** Takes every replica into the in-sync set, once all of them follow. */
  readonly formInSyncSet: () => Promise<void>;
  /** Ends every process that is left and removes the folders. */
  readonly stop: () => Promise<void>;
};

export type RealRedisOptions = {
  readonly replicas?: number;
  /** Further settings of redis.conf: `{ 'min-replicas-to-write': '1' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** With an in-sync set of all replicas, so that writes can be acknowledged. Else nothing is written at all. */
  readonly inSync?: boolean;
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
const STEP_MS = 500;
const AGAIN_MS = 20;

/**
 * Starts a primary with its replicas and waits until they are in sync.
 * @throws when redis-server is not installed or a node is not ready in time; nothing is left running then.
 */
export async function startRealRedis(options: RealRedisOptions = {}): Promise<RealRedis> {
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
    const program = redisServer();
    const child = spawn(program, args, { stdio: 'ignore' });
    children.set(index, child);
    const failed = new Promise<never>((_, reject) => {
      child.once('error', (error) =>
        reject(new Error(`cannot start ${program}: ${error.message}`, { cause: error })),
      );
    });
    await Promise.race([failed, answering(endpoint, 'PING', (reply) => reply === 'PONG')]);
  };

  const kill = async (index: number): Promise<void> => {
    const child = children.get(index);
    children.delete(index);
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
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

  const form = async (): Promise<void> => {
    const redis = createRedisNodes();
    const replicas = count - 1;
    await formInSyncSet({ host: testHost, redis, nodes: endpoints, replicas, withinMs: READY_WITHIN_MS });
  };

  try {
    const [primary] = endpoints;
    if (primary === undefined) throw new Error('there is no node 0');
    for (let index = 0; index < count; index += 1) await start(index, index === 0 ? undefined : primary);
    await answering(primary, 'ROLE', (reply) => {
      const role = parseRole(reply);
      return role.is === 'primary' && role.replicas.length === count - 1;
    });
    if (options.inSync === true) await form();
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
    formInSyncSet: form,
    stop,
  };
}

/** Asks a node one command until the reply is as wanted. */
async function answering(
  endpoint: Endpoint,
  command: string,
  wanted: (reply: RedisReply | undefined) => boolean,
): Promise<void> {
  const redis = createRedisNodes();
  const endMs = testHost.monotonicMs() + READY_WITHIN_MS;
  let last: unknown;
  while (testHost.monotonicMs() < endMs) {
    let node: RedisNode | undefined;
    try {
      node = await redis.open(endpoint, STEP_MS);
      const [reply] = await node.run([[command]], STEP_MS);
      if (wanted(reply)) return;
      last = reply;
    } catch (error) {
      last = error;
    } finally {
      node?.close();
    }
    await sleep(testHost, AGAIN_MS);
  }
  throw new Error(`Redis at ${endpointName(endpoint)} is not ready: ${command} said ${String(last)}`);
}
