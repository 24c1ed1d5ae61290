/** For tests: the embedded ClickHouse as a process with a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(
  new URL('../../../../tools/local-cluster/src/clickhouse-child.ts', import.meta.url),
);

export type ClickHouseProcess = {
  readonly url: string;
  /** Ends it, keeps its folder, and starts it again at the same URL. */
  readonly restart: (signal: NodeJS.Signals) => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** Starts it on a free port; rejects when it ends before it serves. */
export async function startClickHouseProcess(): Promise<ClickHouseProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-clickhouse-'));
  let running = await serving(folder, '0');
  const url = running.url;
  return {
    url,
    restart: async (signal) => {
      await ended(running.child, signal);
      running = await serving(folder, new URL(url).port);
    },
    stop: async () => {
      await ended(running.child, 'SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function serving(folder: string, port: string): Promise<{ child: ChildProcess; url: string }> {
  const args = [PROGRAM, '--port', port, '--path', join(folder, 'data')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  return new Promise((resolve, reject) => {
    let output = '';
    const keep = (chunk: Buffer): void => {
      output += chunk.toString();
      const url = /ready (\S+)/.exec(output)?.[1];
      if (url !== undefined) resolve({ child, url });
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('exit', (code) => reject(new Error(`ClickHouse ended with ${code}: ${output}`)));
  });
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill(signal);
  });
}
