/**
 * A copy of the tree in a temporary folder whose packages know each other: with node_modules linked as a whole, the
 * copy would run the original's libraries. So every package of ours is linked anew, all others are linked to what is
 * installed.
 */
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Edit, PlantedBug } from './rows.ts';

export type CopiedTree = {
  /** Plants a bug; returns how to take it out. Throws unless `find` is in the file exactly once. */
  readonly plant: (bug: PlantedBug) => () => void;
  /** `redis8`: the program to run the suite's real Redis with, for what only the real one of version 8 shows. */
  readonly run: (
    suite: PlantedBug['caughtBy'],
    faults?: readonly string[],
    redis8?: string,
  ) => Promise<{ readonly passed: boolean; readonly output: string }>;
  readonly remove: () => void;
};

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LEFT_OUT = new Set(['node_modules', 'dist', '.git', '.nx', '.holdfast']);
const COPIED = [
  'apps',
  'libs',
  'tools',
  'tests',
  'docs',
  'package.json',
  'tsconfig.base.json',
  'vitest.config.ts',
];
/** Seeds of the simulation that a bug is looked for in. */
const SEEDS = '60';

export function copyTree(): CopiedTree {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-planted-'));
  for (const name of COPIED) {
    if (!existsSync(join(ROOT, name))) continue;
    cpSync(join(ROOT, name), join(folder, name), {
      recursive: true,
      filter: (path) => !LEFT_OUT.has(path.slice(path.lastIndexOf('/') + 1)),
    });
  }
  linkPackages(folder);
  return {
    plant: (bug) => {
      const takeOut = [bug, ...(bug.also ?? [])].map((edit) => plantOne(folder, edit));
      return () => {
        for (const undo of takeOut) undo();
      };
    },
    run: (suite, faults = [], redis8) => runSuite(folder, suite, faults, redis8),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function plantOne(folder: string, edit: Edit): () => void {
  const file = join(folder, edit.file);
  const text = readFileSync(file, 'utf8');
  const times = text.split(edit.find).length - 1;
  if (times !== 1) throw new Error(`${edit.file}: found ${times} times, expected once: ${edit.find}`);
  writeFileSync(
    file,
    text.replace(edit.find, () => edit.replace),
  );
  return () => writeFileSync(file, text);
}

function linkPackages(folder: string): void {
  const installed = join(ROOT, 'node_modules');
  const own = join(folder, 'node_modules');
  mkdirSync(join(own, '@holdfast'), { recursive: true });
  for (const name of readdirSync(installed)) {
    if (name !== '@holdfast') symlinkSync(join(installed, name), join(own, name));
  }
  for (const group of ['apps', 'libs', 'tools', '.']) {
    for (const name of group === '.' ? ['tests'] : readdirSync(join(folder, group))) {
      const manifest = join(folder, group, name, 'package.json');
      if (!existsSync(manifest)) continue;
      const { name: full } = JSON.parse(readFileSync(manifest, 'utf8')) as { name: string };
      const link = join(own, full);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(dirname(manifest), link);
      const nested = join(ROOT, group, name, 'node_modules');
      if (existsSync(nested)) symlinkSync(nested, join(folder, group, name, 'node_modules'));
    }
  }
}

function runSuite(
  folder: string,
  suite: PlantedBug['caughtBy'],
  faults: readonly string[],
  redis8: string | undefined,
): Promise<{ passed: boolean; output: string }> {
  const contract =
    redis8 === undefined ? ['-t', 'simulated'] : ['tests/contract/redis/repeat', '-t', ', real'];
  const only = suite === 'sim' ? ['tests/sim/engine.sim'] : contract;
  const vitest = join(folder, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', '--root', folder, '--project', suite, ...only], {
    cwd: folder,
    env: {
      ...process.env,
      HOLDFAST_SIM_SEEDS: SEEDS,
      HOLDFAST_SIM_FAULTS: faults.join(','),
      ...(redis8 === undefined ? {} : { HOLDFAST_REDIS_SERVER: redis8 }),
      NO_COLOR: '1',
      VITEST: undefined,
      NODE_OPTIONS: undefined,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (data) => (output += String(data)));
  child.stderr.on('data', (data) => (output += String(data)));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ passed: code === 0, output }));
  });
}
