/** How a process ends, proven on real ones. */
import { expect, onTestFinished, test } from 'vitest';
import { logLines, startChild as spawnChild } from './testing/child.ts';

const startChild: typeof spawnChild = (body, options) => {
  const child = spawnChild(body, options);
  onTestFinished(child.end);
  return child;
};

const START = `
  const log = it.createLog({ name: 'engine-1', level: 'info' });
  it.crashOnUnhandled(log);
  setInterval(() => undefined, 1000);
`;
const READY = `process.stdout.write('ready\\n');`;

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s: stop runs to its end, then the process exits 0',
  async (signal) => {
    const child = startChild(`${START}
    it.onShutdown(log, async (signal) => {
      await new Promise((resolve) => it.realHost.after(20, resolve));
      log.info({ told: signal }, 'handed over');
    }, 5000);
    ${READY}`);
    await child.says('ready');
    child.process.kill(signal);
    expect(await child.ended).toEqual({ code: 0, signal: null });
    expect(logLines(child.output()).map((line) => line['msg'])).toEqual([
      'stopping',
      'handed over',
      'stopped',
    ]);
    expect(logLines(child.output())[1]).toMatchObject({ told: signal, name: 'engine-1', level: 'info' });
  },
);

test('a stop that takes longer than the limit: exit 1, and a line that says so', async () => {
  const child = startChild(`${START} it.onShutdown(log, () => new Promise(() => undefined), 100); ${READY}`);
  await child.says('ready');
  child.process.kill('SIGTERM');
  expect(await child.ended).toEqual({ code: 1, signal: null });
  expect(logLines(child.output()).at(-1)).toMatchObject({ level: 'error', limitMs: 100, signal: 'SIGTERM' });
});

test('a stop that fails: exit 1 with the error', async () => {
  const child = startChild(
    `${START} it.onShutdown(log, async () => { throw new Error('no hand-over'); }, 5000); ${READY}`,
  );
  await child.says('ready');
  child.process.kill('SIGTERM');
  expect(await child.ended).toEqual({ code: 1, signal: null });
  expect(logLines(child.output()).at(-1)).toMatchObject({
    msg: 'stopping failed',
    err: { message: 'no hand-over' },
  });
});

test('a stop that throws at once is a stop that fails', async () => {
  const child = startChild(
    `${START} it.onShutdown(log, () => { throw new Error('no hand-over'); }, 5000); ${READY}`,
  );
  await child.says('ready');
  child.process.kill('SIGTERM');
  expect(await child.ended).toEqual({ code: 1, signal: null });
});

test('a second signal ends the process at once, while stop is still under way', async () => {
  const child = startChild(`${START}
    it.onShutdown(log, () => { process.stdout.write('under way\\n'); return new Promise(() => undefined); }, 60_000);
    ${READY}`);
  await child.says('ready');
  child.process.kill('SIGTERM');
  await child.says('under way');
  child.process.kill('SIGINT');
  expect(await child.ended).toEqual({ code: 130, signal: null });
});

test('an exception that nobody handled: exit 70, the error is in the log', async () => {
  const child = startChild(`${START} setImmediate(() => { throw new Error('never'); });`);
  expect(await child.ended).toEqual({ code: 70, signal: null });
  expect(logLines(child.output()).at(-1)).toMatchObject({
    level: 'error',
    fatal: true,
    err: { message: 'never' },
  });
});

test('a rejected promise that nobody handled: exit 70, whatever it was rejected with', async () => {
  const child = startChild(`${START} void Promise.reject('a word');`);
  expect(await child.ended).toEqual({ code: 70, signal: null });
  expect(logLines(child.output()).at(-1)).toMatchObject({ fatal: true, err: 'a word' });
});
