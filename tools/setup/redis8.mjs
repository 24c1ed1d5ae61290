/**
 * Redis 8 for the long suites, which try the same tests on a newer Redis than this machine may have: Debian 13's, in the
 * cache of node_modules, run by the loader and the libraries that it came with. The system is not touched.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unpackDebianPackages } from './debian-packages.mjs';
import { programPath } from './machine.mjs';

const FOLDER = fileURLToPath(new URL('../../node_modules/.cache/holdfast/redis-8', import.meta.url));

/** The program, once `ensureRedis8` has made it. */
export const REDIS_8 = join(FOLDER, 'redis-server');

const RELEASE = 'trixie';
const MAJOR = 8;
/** redis-server under another name; what they say of a file holds for the Redis that they belong to. */
const CHECKS = ['redis-check-aof', 'redis-check-rdb'];

/** Makes sure of Redis 8 at `REDIS_8`; resolves with the version. Throws an error that says why it cannot be had. */
export async function ensureRedis8() {
  const there = versionOf(REDIS_8);
  if (majorOf(there) === MAJOR && CHECKS.every((name) => existsSync(join(FOLDER, name)))) return there;
  mkdirSync(dirname(FOLDER), { recursive: true });
  const work = mkdtempSync(`${FOLDER}-`);
  try {
    const made = join(work, 'made');
    mkdirSync(made);
    const own = programPath('redis-server');
    if (own && majorOf(versionOf(own)) === MAJOR) {
      for (const name of [basename(REDIS_8), ...CHECKS]) {
        writeProgram(made, name, `exec ${quoted(join(dirname(own), name))} "$@"`);
      }
    } else fetchInto(work, made);
    const version = versionOf(join(made, basename(REDIS_8)));
    if (majorOf(version) !== MAJOR) throw new Error(`expected Redis ${MAJOR}, got ${version || 'no answer'}`);
    rmSync(FOLDER, { recursive: true, force: true });
    renameSync(made, FOLDER);
    return version;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function fetchInto(work, made) {
  console.log(`fetching Redis ${MAJOR} of Debian ${RELEASE} into the cache of node_modules`);
  unpackDebianPackages({ folder: work, release: RELEASE, packages: ['redis-server'] });
  const root = join(work, 'root');
  const libraries = join(root, 'usr', 'lib');
  const [loader] = readdirSync(libraries)
    .flatMap((name) => (name.endsWith('-linux-gnu') ? [join(libraries, name)] : []))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((path) => /^ld-linux.*\.so\.\d+$/.test(basename(path)));
  const server = join(root, 'usr', 'bin', 'redis-server');
  if (!loader || !existsSync(server)) throw new Error('the packages hold no loader or no redis-server');
  const listed = spawnSync(loader, ['--library-path', dirname(loader), '--list', server], {
    encoding: 'utf8',
  });
  mkdirSync(join(made, 'lib'));
  for (const path of [loader, ...librariesIn(listed.stdout ?? '', root)]) {
    copyFileSync(path, join(made, 'lib', basename(path)));
  }
  copyFileSync(server, join(made, 'lib', 'redis-server'));
  for (const name of [basename(REDIS_8), ...CHECKS])
    writeProgram(made, name, throughLoader(basename(loader), name));
}

/** The libraries in a loader's list, each of which must be below `root`: none of the system's. */
export function librariesIn(list, root) {
  return list
    .split('\n')
    .flatMap((line) => /=> (.+?)(?: \(0x[0-9a-f]+\))?$/.exec(line.trim())?.slice(1, 2) ?? [])
    .map((path) => {
      if (!path.startsWith(`${root}/`))
        throw new Error(`redis-server needs a library that did not come: ${path}`);
      return path;
    });
}

/** The line that runs the program beside the script, under this name. exec, so that a signal to the script's pid reaches Redis. */
export function throughLoader(loader, name) {
  const words = `--argv0 ${name} --library-path "$here/lib" "$here/lib/redis-server"`;
  return `here=\${0%/*}\nexec "$here/lib/${loader}" ${words} "$@"`;
}

function writeProgram(folder, name, lines) {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${lines}\n`);
  chmodSync(path, 0o755);
}

const quoted = (path) => `'${path.replaceAll("'", String.raw`'\''`)}'`;

/** `8.0.2`, or nothing where it does not run. */
export function versionOf(program) {
  if (!existsSync(program)) return '';
  const said = spawnSync(program, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  return /v=(\d+\.\d+\.\d+)/.exec(said.stdout ?? '')?.[1] ?? '';
}

const majorOf = (version) => Number(version.split('.')[0]);
