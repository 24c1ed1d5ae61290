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
import type { Edit, PlantedBug, Suite } from './rows.ts';

export type CopiedTree = {
  /** Plants a bug; returns how to take it out. Throws unless `find` is in the file exactly once. */
  readonly plant: (bug: PlantedBug) => () => void;
  readonly run: (suite: Suite, how?: Run) => Promise<{ readonly passed: boolean; readonly output: string }>;
  readonly remove: () => void;
};

export type Run = {
  /** A simulation draws only these, and so many seeds at most. */
  readonly faults?: readonly string[] | undefined;
  readonly seeds?: number;
  /** The program to run the suite's real Redis with, for what only the real one of version 8 shows. */
  readonly redis8?: string | undefined;
  /** The file of unit tests, or of scenarios. */
  readonly tests?: string | undefined;
  /** Of scenarios only that with this in its title: each of them runs whole systems. */
  readonly title?: string | undefined;
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
/** Seeds of a simulation that a bug is looked for in; it ends with the first that is broken. */
const SEEDS = 150;

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
      const undos: (() => void)[] = [];
      // The last first: two edits of one file each keep the text that they found.
      const takeOut = (): void => {
        for (const undo of undos.splice(0).reverse()) undo();
      };
      try {
        for (const edit of [bug, ...(bug.also ?? [])]) undos.push(plantOne(folder, edit));
      } catch (error) {
        takeOut();
        throw error;
      }
      return takeOut;
    },
    run: (suite, how = {}) => runSuite(folder, suite, how),
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

/** The command of a suite in the copy. */
function commandOf(suite: Suite, { faults = [], seeds = SEEDS, redis8, tests = '', title }: Run): string[] {
  if (suite === 'in-sync-set' || suite === 'engine') {
    const many = ['--count', String(seeds), '--broken-max', '1', '--faults', faults.join(',')];
    return ['tests/sim/seeds.ts', suite, ...many];
  }
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--root', '.', '--project'];
  if (suite === 'unit') return [...vitest, 'unit', tests];
  if (suite === 'scenario')
    return [
      ...vitest,
      'sim',
      tests,
      ...(title === undefined ? [] : ['-t', title.replaceAll(/[^\w ]/g, '.')]),
    ];
  const real = redis8 === undefined ? ['tests/contract/redis/redis-node'] : ['tests/contract/redis/repeat'];
  const only = suite === 'contract' ? ['-t', 'simulated'] : [...real, '-t', ', real'];
  return [...vitest, 'contract', ...only];
}

function runSuite(folder: string, suite: Suite, how: Run): Promise<{ passed: boolean; output: string }> {
  const child = spawn(process.execPath, commandOf(suite, how), {
    cwd: folder,
    env: {
      ...process.env,
      ...(how.redis8 === undefined ? {} : { HOLDFAST_REDIS_SERVER: how.redis8 }),
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
