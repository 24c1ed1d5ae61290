/** For the tests: a child process that runs a few lines of TypeScript against this package, and what became of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Child = {
  readonly process: ChildProcess;
  /** Everything on stdout up to now. */
  readonly output: () => string;
  /** Everything on stderr up to now. */
  readonly errors: () => string;
  /** Resolves when the text stands on stdout; rejects when the process ends before that. */
  readonly says: (text: string) => Promise<void>;
  /** Resolves with exit code and signal when the process is gone and its output is read. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Kills it if it is still there and removes what it was made of; safe to call again. */
  readonly end: () => Promise<void>;
};

const INDEX = new URL('../index.ts', import.meta.url).href;

/** Starts `body` with the exports of this package as `it`. `readOutput: false` leaves its stdout unread. Whoever starts it ends it. */
export function startChild(body: string, options: { readonly readOutput?: boolean } = {}): Child {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-process-'));
  const file = join(folder, 'child.mjs');
  writeFileSync(file, `import * as it from ${JSON.stringify(INDEX)};\n${body}\n`);
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  if (options.readOutput !== false)
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const ended = once(child, options.readOutput === false ? 'exit' : 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }));
  const end = async (): Promise<void> => {
    child.kill('SIGKILL');
    child.stdout.resume();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const says = async (text: string): Promise<void> => {
    while (!output.includes(text)) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`ended without ${text}: ${output}${errors}`);
      await Promise.race([once(child.stdout, 'data'), ended]);
    }
  };
  return { process: child, output: () => output, errors: () => errors, says, ended, end };
}

/** The objects of the log lines in a text. */
export function logLines(output: string): Record<string, unknown>[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
