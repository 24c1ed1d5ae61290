/**
 * A Redis node with a damaged append-only file comes back by itself under the real supervisor, with the users of the
 * configuration: nobody can be the default user, and the new file is read at the next start all the same.
 */
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { redisAccess, redisSecrets } from '@holdfast/configuration';
import { type Command, type Endpoint, type RedisReply, RedisError } from '@holdfast/ha-core';
import { realHost } from '@holdfast/process';
import {
  createRedisNodes,
  endpointName,
  ensureFunctions,
  functionCommand,
  joinCall,
  parseRecord,
  READ_RECORD,
  readRecordAt,
} from '@holdfast/redis';
import { IN_SYNC_KEY } from '@holdfast/redis/keys';
import { redisServer } from '@holdfast/redis/testing';
import { clusterNodes } from '@holdfast/topology';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PROGRAMS } from '../programs.ts';
import { PLAN_SIZE } from '../state/port-plan.ts';
import { prepareState, type StateFolder } from '../state/state-folder.ts';
import { spawnChild } from '../supervisor/spawn-child.ts';
import { createSupervisor, type Supervisor } from '../supervisor/supervisor.ts';
import { askRole } from './questions.ts';
import { createRedisStarts, type RedisStarts } from './redis-starts.ts';

const above = mkdtempSync(join(tmpdir(), 'holdfast-heals-'));
const notes: string[] = [];
let state: StateFolder;
let starts: RedisStarts;
let supervisor: Supervisor | undefined;

beforeAll(async () => {
  const basePort = await freeBase();
  state = prepareState(join(above, 'state'), { basePort, apiPort: basePort + PLAN_SIZE - 1 }).settle();
  const keeper = {
    begin: () => undefined,
    change: () => undefined,
    lastPrimary: () => null,
    primaryIs: () => undefined,
    end: () => undefined,
  };
  starts = createRedisStarts({
    state,
    host: realHost,
    redis: redis(),
    secrets: redisSecrets(state.configuration),
    keeper,
    note: (node, line) => notes.push(`${node} ${line}`),
  });
});
afterAll(async () => {
  starts.end();
  await supervisor?.stop(true);
  rmSync(above, { recursive: true, force: true });
});

const redis = () => createRedisNodes(redisAccess(state.configuration, 'warden'));
const endpoint = (name: string): Endpoint => {
  const found = state.configuration.values.redis.nodes.find((node) => node.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
};

/** Starts these nodes under a supervisor, as the local cluster does. */
function supervise(...names: string[]): Supervisor {
  const { values, file } = state.configuration;
  const folder = (node: string): string => join(state.path, node);
  const places = {
    runtime: 'node',
    redisServer: redisServer(),
    configuration: file,
    programs: PROGRAMS,
    folder,
  };
  const nodes = clusterNodes(values, places, { embeddedClickHouse: true });
  return createSupervisor({
    units: nodes
      .filter(({ name }) => names.includes(name))
      .map((node) => ({
        name: node.name,
        after: [],
        stopWave: () => 1,
        stopWithinMs: 5000,
        restartDelayMs: 200,
        launch: () => starts.launch(node),
        ready: async () => ((await askRole(redis(), endpoint(node.name))) ? undefined : 'no answer'),
      })),
    host: realHost,
    spawn: (name, command) =>
      spawnChild(command, { folder: state.path, logFile: join(state.path, 'logs', `${name}.log`) }),
    onChange: () => undefined,
  });
}

async function run(name: string, commands: readonly Command[], as = redis()): Promise<RedisReply[]> {
  const node = await as.open(endpoint(name), 1500);
  try {
    return await node.run(commands, 5000);
  } finally {
    node.close();
  }
}

async function until(what: string, wanted: () => Promise<boolean>): Promise<void> {
  for (const endMs = realHost.monotonicMs() + 40_000; ; ) {
    if (await wanted().catch(() => false)) return;
    if (realHost.monotonicMs() > endMs) throw new Error(`not in time: ${what}; notes: ${notes.join('\n')}`);
    await pause(50);
  }
}

/** So many rounds of transactions, as acknowledged writes are; the number that the record then has. */
async function write(from: number): Promise<number> {
  const rounds = Array.from({ length: 300 }, (_, index): Command[] => [
    ['MULTI'],
    ['HSET', IN_SYNC_KEY, 'writes', String(from + index + 1)],
    ['EXEC'],
  ]);
  const replies = await run('redis-3', rounds.flat());
  expect(replies.filter((reply) => reply instanceof RedisError)).toEqual([]);
  return from + rounds.length;
}

const writesOf = async (name: string): Promise<number | undefined> =>
  parseRecord((await run(name, [READ_RECORD]))[0])?.writes;

/** Turns bytes in the middle, in place: the node that runs has read them already. */
function damage(ending: string): void {
  const folder = join(state.path, 'redis-2', 'appendonlydir');
  const [name = ''] = readdirSync(folder).filter((one) => one.endsWith(ending));
  const { size } = statSync(join(folder, name));
  const descriptor = openSync(join(folder, name), 'r+');
  const byte = Buffer.alloc(1);
  for (let at = Math.floor(size / 4); at < (size * 3) / 4; at += 97) {
    readSync(descriptor, byte, 0, 1, at);
    writeSync(descriptor, Buffer.from([(byte[0] ?? 0) ^ 0xff]), 0, 1, at);
  }
  closeSync(descriptor);
}

it('comes back, whichever of its files is damaged', { timeout: 120_000 }, async () => {
  const running = supervise('redis-2', 'redis-3');
  supervisor = running;
  await until('redis-3', async () => (await run('redis-3', [['REPLICAOF', 'NO', 'ONE']]))[0] === 'OK');
  /** It holds when it has started; in the place of its warden. */
  const follows = async (): Promise<boolean> => {
    const role = await askRole(redis(), endpoint('redis-2'));
    const { host, port } = endpoint('redis-3');
    const isHolding = role?.is === 'replica' && role.of !== `${host}:${port}`;
    if (isHolding) await run('redis-2', [['REPLICAOF', host, String(port)]]);
    return role?.is === 'replica' && !isHolding && role.link === 'connected';
  };
  await until('redis-2 follows', follows);
  const node = await redis().open(endpoint('redis-3'), 1500);
  await until('a replica that counts', async () => {
    await ensureFunctions(node, 1500);
    const joins = joinCall(
      await readRecordAt(node, 1500),
      endpointName(node.endpoint),
      endpointName(endpoint('redis-2')),
    );
    return !((await node.run([functionCommand(joins)], 1500))[0] instanceof RedisError);
  });
  node.close();

  let writes = 0;
  for (const ending of ['.incr.aof', '.base.rdb']) {
    writes = await write(writes);
    await until('the data on redis-2', async () => (await writesOf('redis-2')) === writes);
    // A rewrite that is under way would replace the file that is damaged here.
    await until('no rewrite', async () =>
      /aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0/.test(
        String((await run('redis-2', [['INFO', 'persistence']]))[0]),
      ),
    );
    damage(ending);
    notes.length = 0;
    process.kill(running.views().find(({ name }) => name === 'redis-2')?.pid ?? 0, 'SIGKILL');
    await until(`put aside: ${ending}`, async () => notes.some((note) => note.includes('was put aside as')));
    await until('the data again', async () => (await follows()) && (await writesOf('redis-2')) === writes);
    expect(notes.filter((note) => note.includes('put aside'))).toEqual([
      expect.stringMatching(
        /^redis-2 redis-2: its append-only file is damaged \(.*\) and was put aside as .*; the node starts empty and copies everything from redis-3$/,
      ),
    ]);
  }
  const folders = readdirSync(join(state.path, 'redis-2')).filter((name) => name.includes('.damaged-'));
  expect(folders).toHaveLength(2);
  const log = readFileSync(join(state.path, 'logs', 'redis-2.log'), 'latin1');
  expect(log).toContain('Bad file format reading the append only file');
  // Nobody gets in without a user.
  expect(String(await run('redis-2', [['PING']], createRedisNodes()).catch(String))).toContain('NOAUTH');

  writes = await write(writes);
  await until('the data on redis-2', async () => (await writesOf('redis-2')) === writes);
  await running.stop();
  supervisor = supervise('redis-2');
  await until('redis-2 alone', async () => (await askRole(redis(), endpoint('redis-2'))) !== undefined);
  // Its own file, transactions among it.
  expect(await writesOf('redis-2')).toBe(writes);
});

async function freeBase(): Promise<number> {
  for (let tries = 0; tries < 50; tries += 1) {
    const base = 12_000 + PLAN_SIZE * Math.floor(Math.random() * 58);
    if ((await Promise.all([2, 3].map((offset) => isFree(base + offset)))).every(Boolean)) return base;
  }
  throw new Error('no free ports found');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
