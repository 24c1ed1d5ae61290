/**
 * Keeps a Docker engine while somebody holds its standard input open, and takes all of it away when that ends, however it
 * ends: containers, the engine, its bridge, its groups, its folder. Started by engine.ts only:
 *
 *   node engine-main.ts FOLDER     the engine's paths lie below it; PATH and LD_LIBRARY_PATH lead to its programs
 */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const BRIDGE = 'docker0';
const CGROUPS = '/sys/fs/cgroup';
const REMOVE_LIMIT_MS = 60_000;
const DOWN_WITHIN_MS = 30_000;

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: engine-main.ts FOLDER');
mkdirSync(folder, { recursive: true });
const host = `unix://${join(folder, 'docker.sock')}`;
const hadBridge = existsSync(`/sys/class/net/${BRIDGE}`);

const log = openSync(join(folder, 'dockerd.log'), 'a');
const words = [
  `--data-root=${join(folder, 'data')}`,
  `--exec-root=${join(folder, 'exec')}`,
  `--pidfile=${join(folder, 'pid')}`,
  `--host=${host}`,
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
const stop = (): void => {
  if (ending) return;
  ending = true;
  docker('rm', '--force', '--volumes', ...docker('ps', '--all', '--quiet').split('\n').filter(Boolean));
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

/** After the engine's end. */
function end(): void {
  if (!hadBridge && existsSync(`/sys/class/net/${BRIDGE}`)) spawnSync('ip', ['link', 'delete', BRIDGE]);
  const controllers = readdirSync(CGROUPS).map((name) => join(CGROUPS, name, 'docker'));
  for (const path of [join(CGROUPS, 'docker'), ...controllers].filter((one) => existsSync(one))) {
    removeGroup(path);
  }
  rmSync(folder ?? '', { recursive: true, force: true, maxRetries: 3 });
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
