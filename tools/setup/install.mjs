/**
 * Sets up what a command needs: the packages of the workspace, with or without the tooling of tests and build, and a
 * Redis of version 7 or later. Plain JavaScript for Node 20, because it runs before anything is installed.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installByApt, programPath } from './machine.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const STAMP = join(ROOT, 'node_modules', '.holdfast-installed.json');
const REDIS_MAJOR_MIN = 7;

/**
 * Installs the packages when they are not there as package.json and the lock file want them. `run` is what the system
 * needs to run, `full` adds the tooling of build and tests. Throws when npm fails; its output is shown.
 */
export async function ensureInstalled(level) {
  const wanted = wantedPackages();
  const stamp = readStamp();
  if (stamp?.wanted === wanted && (stamp.level === 'full' || stamp.level === level)) return;
  console.log(
    `installing packages (${level === 'full' ? 'with the tooling of build and tests' : 'what the system runs'})`,
  );
  const omit = level === 'full' ? ['--include=dev'] : ['--omit=dev'];
  const done = spawnSync('npm', ['install', '--no-save', '--loglevel=error', ...omit], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (done.status !== 0)
    throw new Error(
      `npm install failed (${done.error?.message ?? `exit code ${done.status}`}); its output is above`,
    );
  if (!existsSync(join(ROOT, 'node_modules', '.bin', 'node'))) {
    throw new Error('npm install left no node_modules/.bin/node: the pinned runtime is missing');
  }
  writeFileSync(STAMP, `${JSON.stringify({ level, wanted })}\n`);
}

/** Makes sure of a redis-server of version 7 or later; resolves with its path. Throws an error that says what to install. */
export async function ensureRedis() {
  if (!programPath('redis-server')) installByApt('redis-server');
  const path = programPath('redis-server');
  if (!path) throw new Error('redis-server is not there; install version 7 or later');
  const said = spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout ?? '';
  const major = Number(/v=(\d+)\./.exec(said)?.[1] ?? 0);
  if (major < REDIS_MAJOR_MIN)
    throw new Error(`${path} is version ${major}; install version ${REDIS_MAJOR_MIN} or later`);
  return path;
}

function wantedPackages() {
  const hash = createHash('sha256');
  const folders = ['apps', 'libs', 'tools'].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).map((name) => join(folder, name)),
  );
  const manifests = ['.', 'tests', 'infra/cdktf', ...folders].map((folder) => join(folder, 'package.json'));
  for (const file of [...manifests, 'package-lock.json']) {
    const path = join(ROOT, file);
    if (existsSync(path)) hash.update(file).update(readFileSync(path));
  }
  return hash.digest('hex');
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(STAMP, 'utf8'));
  } catch {
    return undefined;
  }
}
