/** The log: one object a line, no secrets, and never in the way of the process. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createLog, type Log, type LogOptions } from './log.ts';
import { logLines, startChild as spawnChild } from './testing/child.ts';

/** Logs into a file of its own, and reads the lines that came of it. */
async function logged(
  write: (log: Log) => void,
  options: Partial<LogOptions> = {},
): Promise<Record<string, unknown>[]> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'logs', 'engine.log');
  const log = createLog({ name: 'engine-1', level: 'info', file, ...options });
  write(log);
  log.error('last');
  await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toContain('"last"'));
  expect(statSync(file).mode & 0o077).toBe(0);
  return logLines(readFileSync(file, 'utf8')).slice(0, -1);
}

test('a line has level, time, name and what the child logger carries', async () => {
  const [line] = await logged((log) => log.child({ signalId: 's-1' }).info({ epoch: 3 }, 'sent'));
  expect(line).toMatchObject({ level: 'info', name: 'engine-1', signalId: 's-1', epoch: 3, msg: 'sent' });
  expect(line?.['time']).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

test('lines below the level stay away', async () => {
  const lines = await logged(
    (log) => {
      log.debug('debug');
      log.info('info');
      log.warn('warn');
    },
    { level: 'warn' },
  );
  expect(lines.map((line) => line['msg'])).toEqual(['warn']);
});

test('secrets are hidden, at the top and below, in child loggers, lists and errors', async () => {
  const secret = '271828';
  const lines = await logged((log) => {
    log.info(
      { authorization: secret, token: secret, secret, proof: secret, key: secret, password: secret },
      'top',
    );
    log.info(
      { request: { headers: { authorization: `Bearer ${secret}` } }, hello: { proof: secret } },
      'below',
    );
    log.child({ token: secret }).info('child');
    log.info({ terminals: [{ secret }] }, 'list');
    log.error({ err: Object.assign(new Error('refused'), { request: { token: secret } }) }, 'error');
  });
  expect(lines).toHaveLength(5);
  expect(JSON.stringify(lines)).not.toContain(secret);
  expect(lines[0]).toMatchObject({ token: '[hidden]', msg: 'top' });
});

test('hiding changes the line, not the value that was logged', async () => {
  const session = { proof: 'abc' };
  await logged((log) => log.info(session, 'hello'));
  expect(session.proof).toBe('abc');
});

test('a file that cannot be opened is refused at once', () => {
  expect(() => createLog({ name: 'x', level: 'info', file: '/dev/null/engine.log' })).toThrow('/dev/null');
});

const startChild: typeof spawnChild = (body, options) => {
  const child = spawnChild(body, options);
  onTestFinished(child.end);
  return child;
};

const BURST = `
  const log = it.createLog({ name: 'engine-1', level: 'info' });
  const filler = 'x'.repeat(1000);
  for (let number = 0; number < 20_000; number += 1) log.info({ number, filler });
`;

test('what the reader does not take costs lines, not time, and the loss is said', async () => {
  const child = startChild(`${BURST} setInterval(() => undefined, 1000);`, { readOutput: false });
  let text = '';
  child.process.stdout?.setEncoding('utf8').on('data', (more: string) => (text += more));
  await vi.waitFor(() => expect(text).toContain('log lines were dropped'), { timeout: 8000 });
  const lines = logLines(text);
  const dropped = Number(lines.find((line) => line['lines'] !== undefined)?.['lines']);
  expect(dropped).toBeGreaterThan(0);
  expect(lines.filter((line) => line['number'] !== undefined)).toHaveLength(20_000 - dropped);
});

test('a process ends although nobody reads its log', async () => {
  const child = startChild(`${BURST} setImmediate(() => process.exit(70));`, { readOutput: false });
  expect(await child.ended).toEqual({ code: 70, signal: null });
});

test('what was logged right before the exit is there', async () => {
  const child = startChild(`
    const log = it.createLog({ name: 'engine-1', level: 'info' });
    for (let number = 0; number < 100; number += 1) log.info({ number });
    process.exit(3);`);
  expect(await child.ended).toEqual({ code: 3, signal: null });
  expect(logLines(child.output()).map((line) => line['number'])).toEqual(
    Array.from({ length: 100 }, (_, n) => n),
  );
});

test('a reader that left does not end the process', async () => {
  const child = startChild(`
    const log = it.createLog({ name: 'engine-1', level: 'info' });
    let number = 0;
    setInterval(() => { log.info({ number: (number += 1) }); if (number === 50) process.exit(4); }, 5);`);
  await child.says('"number":1');
  child.process.stdout?.destroy();
  expect((await child.ended).code).toBe(4);
  expect(child.errors()).toContain('the log cannot be written to stdout');
});

test('a full disk neither stops the process nor keeps it from ending', async () => {
  const child = startChild(`
    const log = it.createLog({ name: 'engine-1', level: 'info', file: '/dev/full' });
    let number = 0;
    setInterval(() => { log.info({ number: (number += 1) }); if (number === 20) process.exit(5); }, 2);`);
  expect(await child.ended).toEqual({ code: 5, signal: null });
  expect(child.errors().match(/the log cannot be written to \/dev\/full/g)).toHaveLength(1);
});
