/**
 * What the infrastructure tests need and no npm package brings: a Docker engine and what its images are made from, fetched
 * from Debian into the cache of node_modules without touching the system. Made once; a later run finds it.
 *
 *   engine/         Docker of this machine's own release, unpacked; only where no Docker engine runs
 *   base.tar        a small Debian system by debootstrap, without what only people read
 *   redis/ haproxy/ prometheus/    packages on top of it, unpacked
 *   runs                           a container has run here with all of that
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { debianArchive, debianRelease, unpackDebianPackages } from './debian-packages.mjs';
import { programPath } from './machine.mjs';

/** Where all of it is, once `ensureContainers` has made it. */
export const CONTAINERS = fileURLToPath(
  new URL('../../node_modules/.cache/holdfast/containers', import.meta.url),
);

const RELEASE = 'trixie';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const ON_TOP = { redis: ['redis-server'], haproxy: ['haproxy'], prometheus: ['prometheus'] };
const ENGINE = ['docker.io', 'iptables'];
/** Read by people only, or made anew when it is asked for. */
const UNUSED = [
  'var/cache/apt',
  'var/lib/apt/lists',
  'var/log',
  'usr/share/doc',
  'usr/share/man',
  'usr/share/info',
  'usr/share/locale',
];
const DEBOOTSTRAP_LIMIT_MS = 300_000;
const TRIAL = fileURLToPath(new URL('../../tests/infra/host/trial.ts', import.meta.url));
const RUNTIME = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url));

/** Makes sure of all of it. Throws an error that says why this machine cannot run containers, or what cannot be had. */
export function ensureContainers() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new Error('the tests of containers need Linux and root');
  }
  for (const program of ['terraform', 'go', 'ip']) {
    if (!programPath(program)) throw new Error(`this machine has no ${program}`);
  }
  mkdirSync(CONTAINERS, { recursive: true });
  if (!hasEngine()) {
    const release = debianRelease();
    if (release === undefined)
      throw new Error('no Docker engine runs here, and this is no Debian to take one from');
    unpacked('engine', { release, packages: ENGINE });
  }
  base();
  for (const [name, packages] of Object.entries(ON_TOP)) {
    unpacked(name, { release: RELEASE, packages, installed: join(CONTAINERS, 'base.status') });
  }
  trial();
}

/** A machine that cannot run containers is told apart from tests that fail. */
function trial() {
  const place = join(CONTAINERS, 'runs');
  if (existsSync(place)) return;
  run(RUNTIME, [TRIAL, CONTAINERS]);
  writeFileSync(place, '');
}

/** Whether a Docker engine answers where the environment says, or at the usual place. */
export function hasEngine() {
  const docker = programPath('docker');
  return (
    docker !== undefined && spawnSync(docker, ['version', '--format', '{{.Server.Version}}']).status === 0
  );
}

/** Unpacked packages at CONTAINERS/<name>, whole or not at all. */
function unpacked(name, options) {
  const place = join(CONTAINERS, name);
  if (existsSync(place)) return;
  console.log(`fetching ${options.packages.join(', ')} of Debian ${options.release}`);
  inWork((work) => {
    unpackDebianPackages({ folder: work, ...options });
    renameSync(join(work, 'root'), place);
  });
}

function base() {
  const place = join(CONTAINERS, 'base.tar');
  if (existsSync(place)) return;
  console.log(`making a base system of Debian ${RELEASE}`);
  inWork((work) => {
    const root = join(work, 'base');
    debootstrap(root, work);
    const status = readFileSync(join(root, 'var/lib/dpkg/status'));
    for (const path of UNUSED) rmSync(join(root, path), { recursive: true, force: true });
    for (const path of ['var/log', 'var/cache/apt/archives/partial', 'var/lib/apt/lists/partial']) {
      mkdirSync(join(root, path), { recursive: true });
    }
    run('tar', ['-C', root, '--numeric-owner', '-cf', join(work, 'base.tar'), '.']);
    writeFileSync(join(CONTAINERS, 'base.status'), status);
    renameSync(join(work, 'base.tar'), place);
  });
}

/** By the machine's own debootstrap, else by one that is unpacked for this. */
function debootstrap(root, work) {
  const archive = debianArchive();
  const own = programPath('debootstrap');
  const tools = join(work, 'tools');
  if (own === undefined) {
    mkdirSync(tools);
    unpackDebianPackages({ folder: tools, release: debianRelease() ?? RELEASE, packages: ['debootstrap'] });
  }
  const unpackedTools = join(tools, 'root');
  const env =
    own === undefined
      ? {
          DEBOOTSTRAP_DIR: join(unpackedTools, 'usr/share/debootstrap'),
          PATH: `${process.env.PATH}:${join(unpackedTools, 'usr/bin')}`,
        }
      : {};
  const keys = existsSync(KEYRING) ? [`--keyring=${KEYRING}`] : [];
  const words = ['--variant=minbase', ...keys, RELEASE, root, archive];
  run(own ?? join(unpackedTools, 'usr/sbin/debootstrap'), words, { ...proxy(), ...env });
}

/** debootstrap asks by wget, which does not know apt's proxy. */
function proxy() {
  const said = run('apt-config', ['shell', 'PROXY', 'Acquire::http::Proxy']);
  const address = /^PROXY='(.+)'$/m.exec(said)?.[1];
  return address === undefined || address === 'DIRECT' ? {} : { http_proxy: address };
}

function inWork(make) {
  const work = mkdtempSync(`${join(CONTAINERS, 'work')}-`);
  try {
    make(work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function run(program, words, env = {}) {
  const done = spawnSync(program, words, {
    encoding: 'utf8',
    cwd: dirname(CONTAINERS),
    env: { ...process.env, ...env },
    timeout: DEBOOTSTRAP_LIMIT_MS,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (done.status === 0) return done.stdout;
  const said = `${done.stdout ?? ''}\n${done.stderr ?? ''}`.trim().split('\n').slice(-5).join('; ');
  throw new Error(`${program} ${words.join(' ')}: ${done.error?.message ?? said}`);
}
