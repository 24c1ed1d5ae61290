/**
 * Whether containers can run on this machine at all: an engine starts, and so does a container in its bridge. Asked once by
 * tools/setup/containers.mjs, so that a machine that cannot is told apart from tests that fail:
 *
 *   node trial.ts PARTS     ends with 1 and the reason where it cannot
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { run } from './commands.ts';
import { openEngine } from './engine.ts';

const IMAGE = 'holdfast/trial:tested';

const [parts] = process.argv.slice(2);
if (parts === undefined) throw new Error('usage: trial.ts PARTS');
const folder = mkdtempSync(join(tmpdir(), 'holdfast-trial-'));
try {
  const engine = await openEngine(folder, join(resolve(parts), 'engine'));
  try {
    const docker = (...words: string[]): Promise<string> => run('docker', words, { env: engine.env });
    await docker('import', join(parts, 'base.tar'), IMAGE);
    // With what every container of ours has: a read-only root, a limit of memory, an address in a bridge.
    await docker('run', '--rm', '--read-only', '--memory=64m', '--memory-swap=64m', IMAGE, 'true');
    if (!engine.isOwn) await docker('image', 'rm', IMAGE);
  } finally {
    await engine.stop();
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
