/**
 * For the tests: three real Redis nodes and three real Sentinels, run with the texts of this package and nothing else, on
 * free ports of loopback, in a folder of their own; ended by pid, the folder removed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Configuration, configurationSchema } from '@holdfast/configuration';
import {
  type Command,
  type Endpoint,
  NodeUnavailable,
  profile,
  type RedisNodes,
  type RedisReply,
} from '@holdfast/ha-core';
import { parseRole } from '@holdfast/redis';
import { freePorts, redisServer } from '@holdfast/redis/testing';
import { REDIS_CONF, SENTINEL_CONF } from '../cluster-nodes.ts';
import { type RedisConfOptions, redisConf } from '../redis-conf.ts';
import { sentinelConf } from '../sentinel-conf.ts';

export type TrioOptions = {
  /** The folder, which the caller made and the trio removes. */
  readonly folder: string;
  /** Opens connections as the warden. */
  readonly redis: RedisNodes;
  readonly secrets: Pick<RedisConfOptions, 'password' | 'users' | 'tls'>;
};

export type RealTrio = {
  readonly redis: Configuration['redis'];
  readonly endpoints: readonly Endpoint[];
  readonly sentinels: readonly Endpoint[];
  /** Options of a Sentinel's file, without the primary. */
  readonly sentinelOptions: (index: number) => Omit<Parameters<typeof sentinelConf>[0], 'primary'>;
  readonly sentinelFile: (index: number) => string;
  /** kill -9 of a Redis node; resolves when it has ended. */
  readonly kill: (index: number) => Promise<void>;
  /** SIGSTOP of a Redis node: it answers nobody, and its connections stay. */
  readonly freeze: (index: number) => void;
  /** Starts a killed Redis node again, from its own data, with the same configuration and `more` arguments. */
  readonly restart: (index: number, more: readonly string[]) => void;
  /** kill -9 of every Sentinel, and a start of each with a new file: without a memory, naming this primary. */
  readonly startSentinelsAnew: (primary: Endpoint) => Promise<void>;
  readonly log: (node: string) => string;
  readonly stop: () => Promise<void>;
};

const READY_WITHIN_MS = 8000;
const NUMBERS = profile('fast');

/** A folder for a trio. */
export const trioFolder = (): string => mkdtempSync(join(tmpdir(), 'holdfast-trio-'));

/** Starts all and waits until both replicas follow and every Sentinel knows all others. Throws when they do not in time. */
export async function startTrio(options: TrioOptions): Promise<RealTrio> {
  const { folder, secrets } = options;
  const ports = await freePorts(6);
  const at = (index: number) => ({ host: '127.0.0.1', port: ports[index] ?? 0 });
  const redis = configurationSchema.shape.redis.parse({
    nodes: [0, 1, 2].map((index) => ({ name: `redis-${index + 1}`, ...at(index) })),
    sentinels: [0, 1, 2].map((index) => ({ name: `sentinel-${index + 1}`, ...at(index + 3) })),
  });
  const [primary] = redis.nodes;
  if (primary === undefined) throw new Error('a trio has a first node');
  const children = new Map<string, ChildProcess>();
  const endAll = (): void => {
    for (const child of children.values()) child.kill('SIGKILL');
  };
  process.once('exit', endAll);
  const stop = async (): Promise<void> => {
    await Promise.all([...children.values()].map(ended));
    process.off('exit', endAll);
    rmSync(folder, { recursive: true, force: true });
  };
  const start = (name: string, file: string, text: string, more: readonly string[]): void => {
    const path = join(folder, name, file);
    writeFileSync(path, text, { mode: 0o600 });
    const log = openSync(join(folder, `${name}.log`), 'a');
    children.set(name, spawn(redisServer(), [path, ...more], { stdio: ['ignore', log, log] }));
    closeSync(log);
  };
  const startRedis = (index: number, more: readonly string[]): void => {
    const node = redis.nodes[index] ?? primary;
    const text = redisConf({ node, folder: join(folder, node.name), redis, numbers: NUMBERS, ...secrets });
    start(node.name, REDIS_CONF, text, more);
  };
  const sentinelOptions: RealTrio['sentinelOptions'] = (index) => ({
    node: redis.sentinels[index] ?? primary,
    folder: join(folder, `sentinel-${index + 1}`),
    redis,
    numbers: NUMBERS,
    ...secrets,
  });
  const startSentinels = (named: Endpoint): void => {
    for (const [index, { name }] of redis.sentinels.entries()) {
      start(name, SENTINEL_CONF, sentinelConf({ ...sentinelOptions(index), primary: named }), ['--sentinel']);
    }
  };
  const kill = async (name: string | undefined): Promise<void> => {
    const child = children.get(name ?? '');
    if (child !== undefined) await ended(child);
  };
  try {
    for (const { name } of [...redis.nodes, ...redis.sentinels]) mkdirSync(join(folder, name));
    const follow = ['--replicaof', primary.host, String(primary.port)];
    for (const index of [0, 1, 2]) startRedis(index, index === 0 ? [] : follow);
    await until('both replicas follow', async () => {
      const role = parseRole(await ask(options.redis, primary, ['ROLE']));
      return role.is === 'primary' && role.replicas.length === 2;
    });
    startSentinels(primary);
    for (const sentinel of redis.sentinels) {
      await until(`${sentinel.name} knows all`, async () => {
        const reply = await ask(options.redis, sentinel, ['SENTINEL', 'MASTER', redis.primaryName]);
        const words = Array.isArray(reply) ? (reply as readonly RedisReply[]).map(String) : [];
        const field = (name: string): string | undefined => words[words.indexOf(name) + 1];
        return (
          field('num-slaves') === '2' && field('num-other-sentinels') === '2' && field('flags') === 'master'
        );
      });
    }
  } catch (error) {
    const logs = [...redis.nodes, ...redis.sentinels].map(({ name }) => tail(join(folder, `${name}.log`)));
    await stop();
    throw new Error(`the trio did not start: ${String(error)}\n${logs.join('\n')}`, { cause: error });
  }
  return {
    redis,
    endpoints: redis.nodes,
    sentinels: redis.sentinels,
    sentinelOptions,
    sentinelFile: (index) => readFileSync(join(folder, `sentinel-${index + 1}`, SENTINEL_CONF), 'utf8'),
    kill: (index) => kill(redis.nodes[index]?.name),
    freeze: (index) => void children.get(redis.nodes[index]?.name ?? '')?.kill('SIGSTOP'),
    restart: startRedis,
    startSentinelsAnew: async (named) => {
      await Promise.all(redis.sentinels.map(({ name }) => kill(name)));
      startSentinels(named);
    },
    log: (node) => readFileSync(join(folder, `${node}.log`), 'utf8'),
    stop,
  };
}

/** Runs one command on a connection of its own. Rejects with `NodeUnavailable`. */
export async function ask(redis: RedisNodes, endpoint: Endpoint, command: Command): Promise<RedisReply> {
  const node = await redis.open(endpoint, 1000);
  try {
    const [reply] = await node.run([command], 1000);
    return reply ?? null;
  } finally {
    node.close();
  }
}

/** Waits until it holds; a node that does not answer yet is asked again. Throws at the limit with the last reason. */
export async function until(
  what: string,
  holds: () => Promise<boolean>,
  limitMs = READY_WITHIN_MS,
): Promise<void> {
  const endMs = performance.now() + limitMs;
  let last = 'it was not so';
  for (;;) {
    try {
      if (await holds()) return;
    } catch (error) {
      if (!(error instanceof NodeUnavailable)) throw error;
      last = error.message;
    }
    if (performance.now() > endMs) throw new Error(`not within ${limitMs} ms: ${what}: ${last}`);
    await pause(25);
  }
}

const tail = (file: string): string =>
  existsSync(file) ? `${file}: ${readFileSync(file, 'utf8').split('\n').slice(-6).join(' | ')}` : '';

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
