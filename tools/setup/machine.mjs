/**
 * What the machine itself must have: programs that no npm package brings. They come from apt where there is apt and
 * the right to use it; else the caller is told what to install.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** The path of the first of these programs that the machine has, else undefined. */
export function programPath(...names) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => existsSync(path));
}

/** Installs packages by apt, without starting their services. Throws an error that names them where it cannot. */
export function installByApt(...packages) {
  const wanted = packages.join(' ');
  if (!programPath('apt-get')) throw new Error(`this machine has no apt-get; install ${wanted} yourself`);
  const root = process.getuid?.() === 0;
  if (!root && !programPath('sudo')) throw new Error(`installing needs root; run: apt-get install ${wanted}`);
  console.log(`installing ${wanted} by apt-get`);
  withoutStartingServices(root, () => {
    if (run(root, ['apt-get', 'install', '-y', '--no-install-recommends', ...packages]) === 0) return;
    run(root, ['apt-get', 'update']);
    if (run(root, ['apt-get', 'install', '-y', '--no-install-recommends', ...packages]) !== 0) {
      throw new Error(`apt-get could not install ${wanted}; its output is above`);
    }
  });
}

/** What is missing on this machine after an attempt to install it: program → why. */
export async function missingTools(ensureRedis) {
  const missing = new Map();
  await attempt(missing, 'redis-server', ensureRedis);
  await attempt(missing, 'chromium', () => {
    if (!programPath(...CHROMIUM_NAMES)) installByApt('chromium');
  });
  return missing;
}

async function attempt(missing, tool, ensure) {
  try {
    await ensure();
  } catch (error) {
    missing.set(tool, error instanceof Error ? error.message : String(error));
  }
}

/** Debian asks this file before a package starts its service. One that is there already is left as it is. */
const POLICY = '/usr/sbin/policy-rc.d';

function withoutStartingServices(root, work) {
  const ours = root && !existsSync(POLICY);
  if (ours) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    work();
  } finally {
    if (ours) rmSync(POLICY, { force: true });
  }
}

function run(root, words) {
  const [name, ...rest] = root ? words : ['sudo', '-n', ...words];
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync(name, rest, { stdio: ['ignore', 'inherit', 'inherit'], env: environment }).status ?? 1;
}
