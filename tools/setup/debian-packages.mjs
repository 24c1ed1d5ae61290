/**
 * Programs of another Debian release in a folder of their own, without a word to the system: apt with lists, cache and
 * state of its own fetches the packages with all that they need, dpkg-deb unpacks them. Needs no root. The archive's
 * address, its proxy and its keys are those of this machine's own apt.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programPath } from './machine.mjs';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const STEP_LIMIT_MS = 180_000;

/** The release of this Debian, such as bookworm; undefined where this is none. */
export function debianRelease() {
  const { id, codename } = osRelease();
  return id === 'debian' && codename !== '' ? codename : undefined;
}

/** The address of Debian's archive that this machine's apt uses. Throws an error where there is none. */
export function debianArchive() {
  const archive = archiveOf(run('apt-get', ['indextargets', '--format', TARGET_FORMAT]), osRelease());
  if (!archive) throw new Error("apt's sources here name no archive of Debian");
  return archive;
}

/**
 * Unpacks packages of a Debian release, and all that they need, into `<folder>/root`; what apt keeps is beside it.
 * `installed` is dpkg's status file of a system that they are for: what is there is left out. Throws an error that says
 * what is missing or what apt said.
 */
export function unpackDebianPackages({ folder, release, packages, installed }) {
  for (const program of ['apt-get', 'dpkg-deb']) {
    if (!programPath(program))
      throw new Error(`${packages.join(' ')} of Debian: this machine has no ${program}`);
  }
  const archive = debianArchive();
  for (const name of ['lists/partial', 'archives/partial', 'root']) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  // No package counts as installed, so that apt fetches the C library too.
  if (installed === undefined) writeFileSync(join(folder, 'status'), '');
  else copyFileSync(installed, join(folder, 'status'));
  writeFileSync(join(folder, 'archive.sources'), sourcesText(archive, release, existsSync(KEYRING)));
  writeFileSync(join(folder, 'apt.conf'), aptConfiguration(folder, existsSync('/etc/apt/apt.conf')));
  const env = { APT_CONFIG: join(folder, 'apt.conf'), DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['-q', '-y', 'update'], env);
  run('apt-get', ['-q', '-y', '--no-install-recommends', '--download-only', 'install', ...packages], env);
  for (const file of readdirSync(join(folder, 'archives')).filter((name) => name.endsWith('.deb'))) {
    run('dpkg-deb', ['-x', join(folder, 'archives', file), join(folder, 'root')]);
  }
}

export const TARGET_FORMAT = '$(REPO_URI) $(RELEASE) $(COMPONENT)';

/**
 * The address of Debian's main archive among apt's targets (lines in TARGET_FORMAT), for a machine with this
 * `/etc/os-release`; undefined where there is none. Others offer suites of the same name: the usual path wins.
 */
export function archiveOf(targets, { id, codename }) {
  if (id !== 'debian') return undefined;
  const suites = new Set([codename, 'stable', 'oldstable', 'testing', 'unstable', 'sid']);
  const found = targets
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, suite, component]) => component === 'main' && suites.has(suite))
    .map(([address]) => address.replace(/\/$/, ''));
  return found.find((address) => address.endsWith('/debian')) ?? found[0];
}

/** The one source, as deb822. Without the keyring apt goes by the keys that it trusts anyway; never by none. */
export function sourcesText(archive, release, hasKeyring) {
  const keys = hasKeyring ? `Signed-By: ${KEYRING}\n` : '';
  return `Types: deb\nURIs: ${archive}\nSuites: ${release}\nComponents: main\nTargets: Packages\n${keys}`;
}

/** The machine's own apt configuration (its proxy is there), less its hooks, with all that is written elsewhere. */
export function aptConfiguration(folder, hasOwnFile) {
  return `Dir::Etc::Parts "/dev/null";
Dir::Etc::Main "/dev/null";
${hasOwnFile ? '#include "/etc/apt/apt.conf";\n' : ''}#include "/etc/apt/apt.conf.d/";
#clear APT::Update;
#clear DPkg;
Acquire::Languages "none";
Acquire::Retries "2";
APT::Sandbox::User "root";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::Etc::SourceList "${folder}/archive.sources";
Dir::Etc::SourceParts "/dev/null";
Dir::State "${folder}";
Dir::State::Lists "${folder}/lists";
Dir::State::status "${folder}/status";
Dir::Cache "${folder}";
Dir::Cache::Archives "${folder}/archives";
`;
}

function osRelease() {
  const text = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const value = (name) => new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  return { id: value('ID'), codename: value('VERSION_CODENAME') };
}

function run(program, words, env = {}) {
  const done = spawnSync(program, words, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: STEP_LIMIT_MS,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (done.status === 0) return done.stdout;
  const said = (done.stderr ?? '').trim().split('\n').slice(-3).join('; ');
  const why = done.error?.message ?? (said || `exit code ${done.status ?? done.signal}`);
  throw new Error(`${program} ${words.join(' ')}: ${why}`);
}
