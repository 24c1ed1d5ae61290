/**
 * Starts the tests inside namespaces of their own: network, mounts and processes. Nothing that they make (addresses,
 * firewall rules, mounted images, processes) exists outside, and all of it is gone when the first process in there
 * ends, however it ends: so there is nothing to clean up after a crash but a folder.
 */
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the hosts live: in namespaces, or, where those cannot be had, on loopback, where no link can be cut. */
export type Place = 'namespaces' | 'loopback';

const PREFIX = 'holdfast-chaos-';
const OWNER_FILE = 'owner.pid';

/** Options of unshare(1). Someone who is not root gets a user namespace around them, where that is allowed. */
function unshareArgs(): string[] {
  const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  return [...asRoot, '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
}

/** Makes /run a folder of this mount namespace alone, then becomes the command. */
const PREPARE = 'mount -t tmpfs none /run && mkdir /run/netns && exec "$@"';

/** Why namespaces cannot be had here; undefined when they can. */
export function whyNoNamespaces(): string | undefined {
  const probe = 'ip netns add probe && nsenter --net=/run/netns/probe iptables -A INPUT -s 10.77.0.1 -j DROP';
  const said: SpawnSyncReturns<string> = spawnSync(
    'unshare',
    [...unshareArgs(), 'sh', '-c', PREPARE, 'sh', 'sh', '-c', probe],
    { encoding: 'utf8', timeout: 10_000 },
  );
  if (said.status === 0) return undefined;
  return (
    said.error?.message ?? (said.stderr.trim().split('\n').at(-1) || `unshare ended with ${said.status}`)
  );
}

/**
 * Runs a source under this Node with the arguments, in namespaces or without, and resolves with its exit code. The
 * working folder, given as CHAOS_FOLDER, is removed afterwards.
 */
export async function launch(place: Place, script: string, args: readonly string[]): Promise<number> {
  removeLeftOvers();
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  writeFileSync(join(folder, OWNER_FILE), String(process.pid));
  const command = [process.execPath, script, ...args];
  const [program = '', ...rest] =
    place === 'loopback' ? command : ['unshare', ...unshareArgs(), 'sh', '-c', PREPARE, 'sh', ...command];
  // The child reads its standard input to its end: it learns so that this process is gone.
  const child = spawn(program, rest, {
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...process.env, CHAOS_PLACE: place, CHAOS_FOLDER: folder },
    detached: true,
  });
  const end = (): void => void child.stdin?.end();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) =>
        resolve(code ?? 128 + (constants.signals[signal ?? 'SIGKILL'] ?? 9)),
      );
    });
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

/** Folders of earlier runs whose process is gone. */
function removeLeftOvers(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const folder = join(tmpdir(), name);
    const owner = ownerOf(folder);
    if (owner !== undefined && !isAlive(owner)) rmSync(folder, { recursive: true, force: true });
  }
}

function ownerOf(folder: string): number | undefined {
  try {
    return Number(readFileSync(join(folder, OWNER_FILE), 'utf8'));
  } catch {
    // Not one of ours, or just being made.
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
