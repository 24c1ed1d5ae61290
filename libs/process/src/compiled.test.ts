/** The compile cache of a process that ends without a word. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-compiled-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const files = (): string[] => readdirSync(folder, { recursive: true }).map(String);

it('is there although the process was killed, once it had run for a while', async () => {
  const source = new URL('./compiled.ts', import.meta.url).href;
  const script = `import(${JSON.stringify(source)}).then((m) => m.keepCompiled()); setInterval(() => 0, 1000);`;
  const child = spawn(process.execPath, ['-e', script], {
    env: { ...process.env, NODE_COMPILE_CACHE: folder },
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const endMs = performance.now() + 8000;
  // A folder for this version of Node, and what was compiled in it.
  while (files().length < 2 && performance.now() < endMs) await pause(50);
  child.kill('SIGKILL');
  await ended;
  expect(files().length).toBeGreaterThanOrEqual(2);
});
