/** Real append-only files, real check programs: a damaged one is put aside, and only that, and only when others have the data. */
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Command,
  decideColdStart,
  type Endpoint,
  type Host,
  NO_RECORD,
  NodeUnavailable,
  type RedisNodes,
  type RedisReply,
} from '@holdfast/ha-core';
import { realHost } from '@holdfast/process';
import { createRedisNodes } from '@holdfast/redis';
import { freePort, redisServer } from '@holdfast/redis/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { guardData } from './damaged-data.ts';

const above = mkdtempSync(join(tmpdir(), 'holdfast-damaged-'));
const sound = join(above, 'sound');
afterAll(() => rmSync(above, { recursive: true, force: true }));

const at = (name: string, port: number) => ({ name, host: '127.0.0.1', port });
const nodes = [at('redis-1', 7001), at('redis-2', 7002), at('redis-3', 7003)];
const PRIMARY: RedisReply[] = [
  ['master', 9, []],
  ['3', '0', '127.0.0.1:7001', '127.0.0.1:7002', '5'],
];
const EMPTY: RedisReply[] = [
  ['master', 0, []],
  [null, null, null, null, null],
];

/** Nodes that answer ROLE and the record as given, by their port; nobody listens at the other ports. */
const answering = (answers: Readonly<Record<number, RedisReply[]>>): RedisNodes => ({
  open: (endpoint) => {
    const answer = answers[endpoint.port];
    return answer === undefined
      ? Promise.reject(new NodeUnavailable(`connect ECONNREFUSED 127.0.0.1:${endpoint.port}`, false))
      : Promise.resolve({
          endpoint,
          run: () => Promise.resolve([...answer]),
          onClosed: () => undefined,
          close: () => undefined,
        });
  },
});

async function run(endpoint: Endpoint, commands: readonly Command[]): Promise<RedisReply[]> {
  const node = await createRedisNodes().open(endpoint, 1000);
  try {
    return await node.run(commands, 1000);
  } finally {
    node.close();
  }
}

/** A folder as a real Redis leaves it: a base with data, and a file with what came after it. */
beforeAll(async () => {
  mkdirSync(sound);
  const node = at('redis-2', await freePort());
  const settings = {
    dir: sound,
    port: String(node.port),
    appendonly: 'yes',
    appendfsync: 'always',
    save: '',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(redisServer(), args, { stdio: 'ignore' });
  const ended = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  const until = async (what: string, wanted: () => Promise<boolean>): Promise<void> => {
    for (const endMs = realHost.monotonicMs() + 15_000; ; ) {
      if (await wanted().catch(() => false)) return;
      if (realHost.monotonicMs() > endMs) throw new Error(`not in time: ${what}`);
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
  };
  const sets = (key: string): Command[] =>
    Array.from({ length: 300 }, (_, index) => ['SET', `${key}-${index}`, `value ${index}`.repeat(9)]);
  await until('an answer', async () => (await run(node, [['PING']]))[0] === 'PONG');
  await run(node, [...sets('base'), ['BGREWRITEAOF']]);
  await until('the rewrite', async () =>
    String((await run(node, [['INFO', 'persistence']]))[0]).includes('aof_rewrite_in_progress:0'),
  );
  await run(node, [...sets('incr'), ['SAVE']]);
  child.kill('SIGKILL');
  await ended;
}, 30_000);

let folder = '';
let nowMs = 0;
const host: Host = { ...realHost, wallMs: () => nowMs };
beforeEach(() => {
  folder = mkdtempSync(join(above, 'node-'));
  cpSync(sound, folder, { recursive: true });
  nowMs = Date.UTC(2026, 2, 1, 7, 5, 9);
});

const pass = (redis: RedisNodes, more: { log?: string; folder?: string } = {}, self = 'redis-2') => {
  nowMs += 4000;
  return guardData({ host, redis, nodes, folder, redisServer: redisServer(), ...more }, self);
};
const third = async (...args: Parameters<typeof pass>): Promise<string | undefined> => {
  for (let before = 0; before < 2; before += 1) await pass(...args);
  return pass(...args);
};
const withPrimary = answering({ 7001: PRIMARY });

/** Turns the bytes in the middle half of a file. */
function damage(ending: string): void {
  const [name = ''] = readdirSync(join(folder, 'appendonlydir')).filter((one) => one.endsWith(ending));
  turn(join(folder, 'appendonlydir', name));
}
function turn(file: string): void {
  const bytes = readFileSync(file);
  for (let i = Math.floor(bytes.length / 4); i < (bytes.length * 3) / 4; i += 97)
    bytes[i] = (bytes[i] ?? 0) ^ 0xff;
  writeFileSync(file, bytes);
}
const names = (): string[] => readdirSync(folder).toSorted();

describe('a damaged append-only file', () => {
  it.each(['.base.rdb', '.incr.aof'])('%s: is put aside at the third start, and said', async (ending) => {
    damage(ending);
    expect(await pass(withPrimary)).toBeUndefined();
    expect(await pass(withPrimary)).toBeUndefined();
    expect(names()).toEqual(['appendonlydir', 'dump.rdb', 'gate-passes.json']);
    const line = await pass(withPrimary);
    const aside = join(folder, 'appendonlydir.damaged-20260301T070521Z');
    expect(line).toMatch(/^redis-2: its append-only file is damaged \(.+\) and was put aside as /);
    expect(line).toContain(`${aside}; the node starts empty and copies everything from redis-1`);
    expect(names()).toEqual(['appendonlydir.damaged-20260301T070521Z', 'dump.rdb']);
    expect(readdirSync(aside)).toEqual(readdirSync(join(sound, 'appendonlydir')));
    expect(await pass(withPrimary)).toBeUndefined();
  });

  it('takes a dump along that is damaged too, and keeps the last three', async () => {
    const earlier = ['01', '02', '03'].map((day) => `appendonlydir.damaged-202602${day}T000000Z`);
    for (const name of [...earlier, 'appendonlydir.damaged-of-mine']) mkdirSync(join(folder, name));
    damage('.incr.aof');
    turn(join(folder, 'dump.rdb'));
    await third(withPrimary);
    expect(names()).toEqual([
      ...earlier.slice(1),
      'appendonlydir.damaged-20260301T070521Z',
      'appendonlydir.damaged-of-mine',
      'dump.rdb.damaged-20260301T070521Z',
    ]);
  });

  it('of a form that is right, with a command that Redis does not know, is told by the log', async () => {
    const log = join(folder, 'log');
    writeFileSync(log, "# Redis is starting\n# Unknown command 'SXT' reading the append only file a.aof\n");
    expect(await third(withPrimary, { log })).toContain(
      'a command in it that does not exist) and was put aside',
    );
  });

  it('starts that are not within a minute are no reason', async () => {
    damage('.incr.aof');
    for (let starts = 0; starts < 5; starts += 1) {
      nowMs += 30_000;
      expect(await pass(withPrimary)).toBeUndefined();
    }
    expect(existsSync(join(folder, 'appendonlydir'))).toBe(true);
  });
});

describe('nothing is touched', () => {
  const untouched = (): boolean => existsSync(join(folder, 'appendonlydir'));

  it('of a sound file, though the node starts ten times; nor of one whose end is cut off', async () => {
    const [incr = ''] = readdirSync(join(folder, 'appendonlydir')).filter((one) => one.endsWith('.incr.aof'));
    const file = join(folder, 'appendonlydir', incr);
    const bytes = readFileSync(file);
    for (const text of [bytes, bytes.subarray(0, -10)]) {
      writeFileSync(file, text);
      for (let starts = 0; starts < 10; starts += 1) await pass(withPrimary);
      expect(await pass(withPrimary)).toMatch(
        /^redis-2 starts for the \d+th time within a minute, and .* is sound/,
      );
      expect(readFileSync(file).equals(text)).toBe(true);
    }
    expect(names()).toEqual(['appendonlydir', 'dump.rdb', 'gate-passes.json']);
  });

  it.each([
    ['no other node is up', answering({}), 'this may be the last copy'],
    ['the other primary has no data', answering({ 7001: EMPTY, 7003: EMPTY }), 'this may be the last copy'],
    [
      'the node runs',
      answering({ 7001: PRIMARY, 7002: EMPTY }),
      'not sure that nothing runs at 127.0.0.1:7002',
    ],
  ])('while %s', async (_, redis, why) => {
    damage('.incr.aof');
    expect(await third(redis)).toContain(why);
    expect(untouched()).toBe(true);
  });

  it('without the check program, and says what to do', async () => {
    damage('.incr.aof');
    vi.stubEnv('PATH', '');
    try {
      const options = { host, redis: withPrimary, nodes, folder };
      for (let before = 0; before < 2; before += 1) await guardData(options, 'redis-2');
      expect(await guardData(options, 'redis-2')).toMatch(
        /third time within a minute, and .* cannot be told: redis-check-aof is not on PATH .* move .*appendonlydir aside/,
      );
    } finally {
      vi.unstubAllEnvs();
    }
    expect(untouched()).toBe(true);
  });

  it('on a disk that is full, by the log', async () => {
    damage('.incr.aof');
    const log = join(folder, 'log');
    writeFileSync(log, '# Redis is starting\n# Error writing the AOF: No space left on device\n');
    const line = await third(withPrimary, { log });
    expect(line).toMatch(/^redis-2: its disk is full \(.*\); nothing is put aside: make room/);
    expect(untouched()).toBe(true);
  });

  it.runIf(process.platform === 'linux')('on a disk that is full, by its room', async () => {
    // A file system without a byte to write to.
    expect(await pass(withPrimary, { folder: '/proc' })).toContain('its disk is full (/proc)');
  });

  it('of three nodes that are damaged at once, and the cold start waits for a person', async () => {
    damage('.incr.aof');
    const folders = nodes.map(({ name }) => join(above, `all-${name}`));
    for (const one of folders) cpSync(folder, one, { recursive: true });
    for (const [index, one] of folders.entries()) {
      const line = await third(answering({}), { folder: one }, nodes[index]?.name);
      expect(line).toContain('nothing is touched');
      expect(existsSync(join(one, 'appendonlydir'))).toBe(true);
    }
    // None of them starts: there is nobody to choose.
    const all = ['a', 'b', 'c'];
    expect(decideColdStart(all, [], 'a')).toMatchObject({ is: 'wait', missing: all });
    // Two that did start empty hold up the third as if they were missing.
    const record = { term: 4, change: 1, primary: 'a', members: ['b', 'c'], writes: 70 };
    const there = ['a', 'b', 'c'].map((endpoint) => ({
      endpoint,
      record: endpoint === 'c' ? record : NO_RECORD,
    }));
    expect(decideColdStart(all, there, 'c')).toMatchObject({ is: 'wait', missing: ['a', 'b'] });
  });
});
