/**
 * The Docker engine of the tests: one that runs here already, or one of their own, with everything of it in one folder. Their
 * own touches nothing else of the machine: no packet filter, no forwarding; its bridge is removed with it. It is kept by a
 * process of its own (engine-main.ts), which takes it away also when the tests were killed.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { until } from '../../e2e/cluster.ts';
import { attempt } from './commands.ts';

export type Engine = {
  /** Where it listens, as Terraform's provider takes it. */
  readonly address: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whose it is and which version, in words. */
  readonly told: string;
  /** Whether it goes with the tests. */
  readonly isOwn: boolean;
  readonly stop: () => Promise<void>;
};

const KEEPER = fileURLToPath(new URL('./engine-main.ts', import.meta.url));
const UP_WITHIN_MS = 30_000;
/** More than engine-main.ts takes at the most. */
const DOWN_WITHIN_MS = 120_000;

/** The engine that the environment names, or the usual one, or else one of our own below `folder`. */
export async function openEngine(folder: string, packages: string): Promise<Engine> {
  return (await runningEngine()) ?? startEngine(folder, packages);
}

async function runningEngine(): Promise<Engine | undefined> {
  const address = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
  // The provider for tests speaks over a socket only, and a process is killed on this machine only.
  if (!address.startsWith('unix://')) return undefined;
  const env = { ...process.env, DOCKER_HOST: address };
  const version = await versionIn(env).catch(() => undefined);
  if (version === undefined) return undefined;
  const told = `the engine that runs here, ${version}`;
  return { address, env, told, isOwn: false, stop: () => Promise.resolve() };
}

async function versionIn(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { code, stdout } = await attempt('docker', ['version', '--format', '{{.Server.Version}}'], { env });
  return code === 0 ? stdout.trim() : undefined;
}

async function startEngine(stage: string, packages: string): Promise<Engine> {
  const folder = join(stage, 'docker');
  if (!existsSync(packages)) {
    throw new Error(`there is no Docker engine in ${packages}; npm run test:infra fetches it`);
  }
  const address = `unix://${join(folder, 'docker.sock')}`;
  const paths = ['usr/bin', 'usr/sbin', 'sbin'].map((path) => join(packages, path));
  const path = [...paths, process.env['PATH'] ?? ''].join(delimiter);
  const env: NodeJS.ProcessEnv = { ...process.env, PATH: path, DOCKER_HOST: address };
  const keeper = spawn(process.execPath, [KEEPER, folder, stage], {
    env: { ...env, LD_LIBRARY_PATH: libraries(packages).join(delimiter) },
    stdio: ['pipe', 'inherit', 'inherit'],
    // Else the interrupt of a terminal, or of a suite that is late, would end it before it has cleaned up.
    detached: true,
  });
  const stop = (): Promise<void> => ended(keeper);
  try {
    const version = await until('the engine answers', UP_WITHIN_MS, () => versionIn(env));
    return { address, env, told: `an engine of the tests' own, ${version}`, isOwn: true, stop };
  } catch (error) {
    const log = join(folder, 'dockerd.log');
    const said = existsSync(log) ? readFileSync(log, 'utf8').slice(-2000) : '';
    await stop();
    throw new Error(`the engine did not start:\n${said}`, { cause: error });
  }
}

/** Folders with the libraries that came with the packages. */
function libraries(packages: string): string[] {
  return ['usr/lib', 'lib'].flatMap((folder) => {
    const path = join(packages, folder);
    const names = existsSync(path) ? readdirSync(path).filter((name) => name.endsWith('-linux-gnu')) : [];
    return names.map((name) => join(path, name));
  });
}

async function ended(keeper: ChildProcessByStdio<Writable, null, null>): Promise<void> {
  if (keeper.exitCode !== null || keeper.signalCode !== null) return;
  const gone = new Promise<boolean>((resolve) => keeper.once('exit', () => resolve(true)));
  keeper.stdin.end();
  const inTime = await Promise.race([gone, pause(DOWN_WITHIN_MS, false, { ref: false })]);
  if (!inTime) throw new Error(`the Docker engine did not end within ${DOWN_WITHIN_MS} ms`);
}
