/** The embedded ClickHouse's HTTP endpoint, as a client sees it. One child for the suite: chdb is slow to load. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BODY_BYTES_MAX } from './clickhouse/http.ts';

// Processes are started: generous, because a busy machine is no fault of theirs.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const PROGRAM = fileURLToPath(new URL('./clickhouse-child.ts', import.meta.url));
const LIMIT_MS = 60_000;

let folder: string;
let child: ChildProcess;
let url: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-chdb-'));
  child = spawn(process.execPath, [PROGRAM, '--port', '0', '--path', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  url = await new Promise<string>((resolve, reject) => {
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const ready = /ready (\S+)/.exec(output)?.[1];
      if (ready !== undefined) resolve(ready);
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${output}`)));
  });
}, LIMIT_MS);

afterAll(() => {
  child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

type Answer = { readonly status: number; readonly code: string | null; readonly text: string };

async function post(
  body: string | Uint8Array<ArrayBuffer>,
  parameters: Record<string, string> = {},
  headers = {},
): Promise<Answer> {
  const response = await fetch(`${url}/?${new URLSearchParams(parameters).toString()}`, {
    method: 'POST',
    body,
    headers,
  });
  const code = response.headers.get('x-clickhouse-exception-code');
  return { status: response.status, code, text: await response.text() };
}

const run = (file: string, ...args: string[]) =>
  spawnSync(process.execPath, [file, ...args], { encoding: 'utf8', timeout: 20_000 });

describe('statements', () => {
  it('answers a ping', async () => {
    expect(await (await fetch(`${url}/ping`)).text()).toBe('Ok.\n');
  });

  it('takes settings, parameters and format of one request, and forgets them with it', async () => {
    const settings = { max_threads: '1', param_x: "it's", default_format: 'JSONEachRow' };
    const answer = await post("SELECT {x:String} AS x, getSetting('max_threads') = 1 AS one", settings);
    expect(answer.text).toBe(`{"x":"it's","one":1}\n`);
    const next = await post("SELECT getSetting('max_block_size')", { max_block_size: '77' });
    expect(next.text).toBe('77\n');
    expect((await post("SELECT getSetting('max_block_size')")).text).not.toBe('77\n');
  });

  it('forgets settings also after a statement that failed', async () => {
    await post('SELECT nonsense', { max_block_size: '78' });
    expect((await post("SELECT getSetting('max_block_size')")).text).not.toBe('78\n');
  });

  it('inserts a body as it is and as gzip, and answers as gzip when asked', async () => {
    await post('CREATE TABLE t (n UInt64, s String) ENGINE = MergeTree ORDER BY n');
    const query = 'INSERT INTO t FORMAT JSONEachRow';
    expect((await post('{"n":1,"s":"a\\nb"}\n', { query })).status).toBe(200);
    const packed = new Uint8Array(gzipSync('{"n":2,"s":"ü"}\n'));
    expect((await post(packed, { query }, { 'content-encoding': 'gzip' })).status).toBe(200);
    expect((await post('', { query })).status).toBe(200);
    const response = await fetch(`${url}/?enable_http_compression=1`, {
      method: 'POST',
      body: 'SELECT s FROM t ORDER BY n',
    });
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(await response.text()).toBe('a\\nb\nü\n');
  });

  it('uses the database that the request names', async () => {
    await post('CREATE DATABASE other');
    expect((await post('SELECT currentDatabase()', { database: 'other' })).text).toBe('other\n');
    expect((await post('SELECT currentDatabase()')).text).toBe('default\n');
  });

  it('does not make an insert wait for a slow read', async () => {
    await post('CREATE TABLE fast (n UInt64) ENGINE = MergeTree ORDER BY n');
    const order: string[] = [];
    const slow = post('SELECT sleep(2)').then(() => order.push('read'));
    await post('{"n":1}', { query: 'INSERT INTO fast FORMAT JSONEachRow' }).then(() => order.push('insert'));
    await slow;
    expect(order).toEqual(['insert', 'read']);
  });
});

describe('what is wrong', () => {
  it.each([
    ['syntax', 'SELEKT 1', '62'],
    ['an unknown table', 'SELECT * FROM nowhere', '60'],
    ['an empty query', ' ', '62'],
  ])('is told with code and text: %s', async (_what, sql, code) => {
    const answer = await post(sql);
    expect(answer).toMatchObject({ code });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.text).toMatch(/^Code: \d+\. DB::Exception: .+\([A-Z_]+\)/s);
  });

  it('is told for a setting with a wrong name, which is not executed', async () => {
    const answer = await post('SELECT 1', { 'max_threads=1; DROP': '1' });
    expect(answer).toMatchObject({ code: '115' });
  });

  it('is told for a body that is too large, also when it is small as gzip', async () => {
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(BODY_BYTES_MAX + 1, ' ')));
    expect(await post(bomb, {}, { 'content-encoding': 'gzip' })).toMatchObject({ status: 400 });
    expect((await post('SELECT 1')).text).toBe('1\n');
  }, 30_000);

  it('is told for another path and another encoding', async () => {
    expect((await fetch(`${url}/play`)).status).toBe(404);
    expect(await post('x', {}, { 'content-encoding': 'lz4' })).toMatchObject({ status: 415 });
  });

  it('is told for wrong arguments', () => {
    expect(run(PROGRAM, '--port', 'http', '--path', folder)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/--port http: expected/) as string,
    });
    expect(run(PROGRAM, '--port', '0')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/--path .*expected/) as string,
    });
  });
});

describe('the process', () => {
  it('refuses a data directory that another has open', () => {
    const second = run(PROGRAM, '--port', '0', '--path', folder);
    expect(second.status).toBe(1);
    expect(second.stderr).toContain(`${folder}: another process has this data directory open`);
  });

  it(
    'closes in order on SIGTERM, and the directory opens again',
    async () => {
      const code = await new Promise((resolve) => {
        child.once('exit', resolve);
        child.kill('SIGTERM');
      });
      expect(code).toBe(0);
      const again = spawn(process.execPath, [PROGRAM, '--port', '0', '--path', folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const line = await new Promise<string>((resolve) =>
        again.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString())),
      );
      const response = await fetch(line.replace('ready ', '').trim(), {
        method: 'POST',
        body: 'SELECT count() FROM t',
      });
      expect(await response.text()).toBe('2\n');
      again.kill('SIGKILL');
      await new Promise((resolve) => again.once('exit', resolve));
    },
    LIMIT_MS,
  );
});
