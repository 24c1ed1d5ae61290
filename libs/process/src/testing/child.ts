/** For the tests: a child process that runs a few lines of TypeScript against this package, and what became of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export type Child = {
  readonly process: ChildProcess;
  /** Everything on stdout up to now. */
  readonly output: () => string;
  /** Resolves when the text stands on stdout; rejects when the process ends before that. */
  readonly says: (text: string) => Promise<void>;
  /** Resolves with exit code and signal when the process is gone and its output is read. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
};

const INDEX = new URL('../index.ts', import.meta.url).href;

/** Starts `body` with the exports of this package as `it`; killed with the test at the latest. */
export function startChild(body: string, options: { readonly readOutput?: boolean } = {}): Child {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-process-'));
  const file = join(folder, 'child.mjs');
  writeFileSync(file, `import * as it from ${JSON.stringify(INDEX)};\n${body}\n`);
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  if (options.readOutput !== false)
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.pipe(process.stderr, { end: false });
  const ended = once(child, options.readOutput === false ? 'exit' : 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    child.stdout.resume();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  const says = async (text: string): Promise<void> => {
    while (!output.includes(text)) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`ended without ${text}: ${output}`);
      await Promise.race([once(child.stdout, 'data'), ended]);
    }
  };
  return { process: child, output: () => output, says, ended };
}

/** The objects of the log lines in a text. */
export function logLines(output: string): Record<string, unknown>[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
