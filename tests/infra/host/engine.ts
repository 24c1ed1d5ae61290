/**
 * The Docker engine of the tests: one that runs here already, or one of their own, with everything of it in one folder. Their
 * own touches nothing else of the machine: no packet filter, no forwarding; its bridge is removed with it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../../e2e/cluster.ts';
import { attempt, run } from './commands.ts';

export type Engine = {
  /** Where it listens, as Terraform's provider takes it. */
  readonly address: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whose it is and which version, in words. */
  readonly told: string;
  readonly docker: (...words: string[]) => Promise<string>;
  readonly stop: () => Promise<void>;
};

const UP_WITHIN_MS = 30_000;
const DOWN_WITHIN_MS = 30_000;
const BRIDGE = 'docker0';
const CGROUPS = '/sys/fs/cgroup';

/** The engine that the environment names, or the usual one, or else one of our own below `folder`. */
export async function openEngine(folder: string, packages: string): Promise<Engine> {
  return (await runningEngine()) ?? startEngine(folder, packages);
}

async function runningEngine(): Promise<Engine | undefined> {
  const address = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
  // The provider for tests speaks over a socket only, and so do the tests' kills of processes.
  if (!address.startsWith('unix://')) return undefined;
  const asked = await attempt('docker', ['version', '--format', '{{.Server.Version}}']).catch(
    () => undefined,
  );
  if (asked?.code !== 0) return undefined;
  const env = { ...process.env, DOCKER_HOST: address };
  const told = `the engine that runs here, ${asked.stdout.trim()}`;
  return { address, env, told, docker: dockerIn(env), stop: () => Promise.resolve() };
}

const dockerIn =
  (env: NodeJS.ProcessEnv) =>
  async (...words: string[]): Promise<string> =>
    (await run('docker', words, { env })).trim();

async function startEngine(folder: string, packages: string): Promise<Engine> {
  if (!existsSync(packages)) {
    throw new Error(`there is no Docker engine in ${packages}; npm run test:infra fetches it`);
  }
  const hadBridge = existsSync(`/sys/class/net/${BRIDGE}`);
  const own = join(folder, 'docker');
  mkdirSync(own);
  const socket = join(own, 'docker.sock');
  const paths = ['usr/bin', 'usr/sbin', 'sbin'].map((path) => join(packages, path));
  const path = [...paths, process.env['PATH'] ?? ''].join(delimiter);
  const env: NodeJS.ProcessEnv = { ...process.env, PATH: path, DOCKER_HOST: `unix://${socket}` };
  const log = join(own, 'dockerd.log');
  const child = spawnEngine(own, log, socket, {
    ...env,
    LD_LIBRARY_PATH: libraries(packages).join(delimiter),
  });
  const stop = async (): Promise<void> => {
    await ended(child);
    if (!hadBridge && existsSync(`/sys/class/net/${BRIDGE}`)) await run('ip', ['link', 'delete', BRIDGE]);
    removeGroups();
  };
  try {
    const version = await until('the engine answers', UP_WITHIN_MS, async () => {
      const asked = await attempt('docker', ['version', '--format', '{{.Server.Version}}'], { env });
      return asked.code === 0 ? asked.stdout.trim() : undefined;
    });
    const told = `an engine of the tests' own, ${version}`;
    return { address: `unix://${socket}`, env, told, docker: dockerIn(env), stop };
  } catch (error) {
    await stop();
    throw new Error(`the engine did not start:\n${readFileSync(log, 'utf8').slice(-2000)}`, { cause: error });
  }
}

function spawnEngine(folder: string, log: string, socket: string, env: NodeJS.ProcessEnv): ChildProcess {
  const out = openSync(log, 'a');
  const words = [
    `--data-root=${join(folder, 'data')}`,
    `--exec-root=${join(folder, 'exec')}`,
    `--pidfile=${join(folder, 'pid')}`,
    `--host=unix://${socket}`,
    // Containers reach each other and the host through the bridge; nothing of theirs leaves the machine.
    '--iptables=false',
    '--ip6tables=false',
    '--ip-masq=false',
    '--ip-forward=false',
  ];
  const child = spawn('dockerd', words, { env, stdio: ['ignore', out, out], detached: true });
  child.on('error', (error) => process.stderr.write(`dockerd: ${error.message}\n`));
  closeSync(out);
  return child;
}

/** Folders with the libraries that came with the packages. */
function libraries(packages: string): string[] {
  return ['usr/lib', 'lib'].flatMap((folder) => {
    const path = join(packages, folder);
    const names = existsSync(path) ? readdirSync(path).filter((name) => name.endsWith('-linux-gnu')) : [];
    return names.map((name) => join(path, name));
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const late = await Promise.race([gone.then(() => false), pause(DOWN_WITHIN_MS, true, { ref: false })]);
  if (!late) return;
  // With all that it started: they are of its group.
  process.kill(-child.pid, 'SIGKILL');
  await gone;
}

/** The groups that the engine leaves, all empty by now. */
function removeGroups(): void {
  const controllers = readdirSync(CGROUPS).map((name) => join(CGROUPS, name, 'docker'));
  for (const path of [join(CGROUPS, 'docker'), ...controllers].filter((one) => existsSync(one))) {
    try {
      rmdirSync(path);
    } catch (error) {
      if (!/EBUSY|ENOTEMPTY/.test(String(error))) throw error;
    }
  }
}
