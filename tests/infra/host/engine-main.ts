/**
 * Keeps a Docker engine while somebody holds its standard input open, and takes all of it away when that ends, however it
 * ends: containers, networks, the engine, its bridge, its groups, its folder. Started by engine.ts only:
 *
 *   node engine-main.ts FOLDER [WITH]   the engine's paths lie below FOLDER; PATH and LD_LIBRARY_PATH lead to its programs;
 *                                       the folder WITH goes together with it, in case that the tests were killed
 */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { freeSubnet } from './subnet.ts';
import { mountsBelow } from './traces.ts';

/** A name of its own, of at most 15 characters: another engine on this machine keeps its docker0. */
const BRIDGE = `hfb${process.pid}`;
const CGROUPS = '/sys/fs/cgroup';
const REMOVE_LIMIT_MS = 60_000;
const DOWN_WITHIN_MS = 30_000;

const [folder, together] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: engine-main.ts FOLDER [WITH]');
mkdirSync(folder, { recursive: true });
const host = `unix://${join(folder, 'docker.sock')}`;
addBridge();

const log = openSync(join(folder, 'dockerd.log'), 'a');
const words = [
  `--data-root=${join(folder, 'data')}`,
  `--exec-root=${join(folder, 'exec')}`,
  `--pidfile=${join(folder, 'pid')}`,
  `--host=${host}`,
  `--bridge=${BRIDGE}`,
  // Containers reach each other and the host through the bridge; nothing of theirs leaves the machine.
  '--iptables=false',
  '--ip6tables=false',
  '--ip-masq=false',
  '--ip-forward=false',
];
const engine = spawn('dockerd', words, { stdio: ['ignore', log, log], detached: true });
closeSync(log);
engine.once('error', (error) => {
  process.stderr.write(`dockerd: ${error.message}\n`);
  end();
});
engine.once('exit', end);

let ending = false;
/** Links of the networks that were made here; what the engine does not take away itself is taken away after it. */
let links: readonly string[] = [];
const stop = (): void => {
  if (ending) return;
  ending = true;
  const containers = lines(docker('ps', '--all', '--quiet'));
  if (containers.length > 0) docker('rm', '--force', '--volumes', ...containers);
  const networks = lines(docker('network', 'ls', '--filter', 'type=custom', '--quiet'));
  links = networks.map((id) => `br-${id}`);
  if (networks.length > 0) docker('network', 'rm', ...networks);
  engine.kill('SIGTERM');
  setTimeout(() => {
    // With all that it started: they are of its group.
    if (engine.pid !== undefined) process.kill(-engine.pid, 'SIGKILL');
  }, DOWN_WITHIN_MS).unref();
};
process.stdin.on('end', stop);
process.stdin.on('error', stop);
process.stdin.resume();
// Whoever ends the tests ends them first, and then this.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);

function docker(...given: string[]): string {
  const env = { ...process.env, DOCKER_HOST: host };
  const done = spawnSync('docker', given, { env, encoding: 'utf8', timeout: REMOVE_LIMIT_MS });
  return done.stdout ?? '';
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** The bridge of containers that ask for no network of their own, which are those of `docker build`. */
function addBridge(): void {
  ip('link', 'add', BRIDGE, 'type', 'bridge');
  ip('address', 'add', `${freeSubnet()}.1/24`, 'dev', BRIDGE);
  ip('link', 'set', BRIDGE, 'up');
}

function ip(...given: string[]): void {
  const { status, stderr, error } = spawnSync('ip', given, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${given.join(' ')}: ${error?.message ?? stderr.trim()}`);
}

/** After the engine's end. */
function end(): void {
  for (const link of [...links, BRIDGE]) {
    if (existsSync(`/sys/class/net/${link}`)) ip('link', 'delete', link);
  }
  const controllers = readdirSync(CGROUPS).map((name) => join(CGROUPS, name, 'docker'));
  for (const path of [join(CGROUPS, 'docker'), ...controllers].filter((one) => existsSync(one))) {
    removeGroup(path);
  }
  // One that was killed leaves mounts, the last of them within the first.
  for (const path of mountsBelow(folder ?? '').reverse()) spawnSync('umount', ['--lazy', path]);
  for (const gone of [folder ?? '', together ?? '']) {
    if (gone !== '') rmSync(gone, { recursive: true, force: true, maxRetries: 3 });
  }
  process.exit(ending ? 0 : 1);
}

/** All empty by now; one of another engine is not. */
function removeGroup(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (!/EBUSY|ENOTEMPTY/.test(String(error))) throw error;
  }
}
