/**
 * What the machine itself must have: programs that no npm package brings. They come from apt where there is apt and
 * the right to use it; else the caller is told what to install.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** The path of the first of these programs that the machine has, else undefined. */
export function programPath(...names) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => existsSync(path));
}

/**
 * Debian asks policy-rc.d before a package starts its service. One that is there already is left as it is; ours goes
 * away however the installation ends, because it would keep every other service of the machine from starting.
 */
const INSTALL = `
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' HUP INT TERM
  printf '#!/bin/sh\\nexit 101\\n' >"$policy" && chmod 755 "$policy" || exit 1
fi
apt-get install -y --no-install-recommends "$@" && exit 0
apt-get update
apt-get install -y --no-install-recommends "$@"
`;

/** Installs packages by apt, without starting their services. Throws an error that names them where it cannot. */
export function installByApt(...packages) {
  const wanted = packages.join(' ');
  if (!programPath('apt-get')) throw new Error(`this machine has no apt-get; install ${wanted} yourself`);
  const root = process.getuid?.() === 0;
  if (!root && !programPath('sudo')) throw new Error(`installing needs root; run: apt-get install ${wanted}`);
  console.log(`installing ${wanted} by apt-get`);
  // Without a terminal nobody can type a password.
  const sudo = process.stdin.isTTY ? ['sudo'] : ['sudo', '-n'];
  const script = ['env', 'DEBIAN_FRONTEND=noninteractive', 'sh', '-c', INSTALL, 'install', ...packages];
  const [name, ...rest] = root ? script : [...sudo, ...script];
  if (spawnSync(name, rest, { stdio: 'inherit' }).status !== 0) {
    throw new Error(`${wanted} could not be installed by apt-get (its output is above); install it yourself`);
  }
}

/** What is missing on this machine after an attempt to have it: program → why. `ensure`: program → how to have it. */
export async function missingTools(ensure) {
  const missing = new Map();
  for (const [tool, how] of Object.entries(ensure)) await attempt(missing, tool, how);
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
