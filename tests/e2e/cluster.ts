/**
 * A whole Holdfast of real processes for a test: its own state folder below the system's temporary folder, its own
 * ports, started and stopped by the same command that users have.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CLI = join(ROOT, 'tools/holdfast/src/main.ts');

export type ClusterNode = {
  readonly name: string;
  readonly kind: string;
  readonly role: string;
  readonly pid: number | null;
  readonly endpoint: string;
  readonly healthy: boolean;
};

export type ClusterAccount = {
  readonly account: string;
  readonly active: string | null;
  readonly epoch: string;
  readonly connection: string;
  readonly pending: number;
  readonly unknown: number | readonly string[];
};

export type ClusterStatus = {
  readonly degraded: boolean;
  readonly api: { readonly urls: readonly string[]; readonly keyFile: string };
  readonly simulator: { readonly url: string };
  readonly nodes: readonly ClusterNode[];
  readonly accounts: readonly ClusterAccount[];
};

export type Cluster = {
  readonly folder: string;
  readonly status: () => Promise<ClusterStatus>;
  readonly node: (name: string) => Promise<ClusterNode>;
  /** Sends a signal to the process of that node, by its id; returns when it was sent. */
  readonly signal: (name: string, what: NodeJS.Signals) => Promise<void>;
  /** Secret file of the state folder, without its line break. */
  readonly secret: (name: string) => string;
  readonly configurationText: () => string;
  readonly stop: () => Promise<void>;
};

/** Starts a cluster and waits until it is ready. Throws with what `up` printed when it does not come up. */
export async function startCluster(options: readonly string[] = []): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-e2e-'));
  const base = await freeBase();
  const args = [
    CLI,
    'up',
    '--detach',
    '--state',
    folder,
    '--base-port',
    String(base),
    '--api-port',
    String(base + 99),
  ];
  await holdfast([...args.slice(1), ...options]);
  const status = async (): Promise<ClusterStatus> => {
    const text = await holdfast(['status', '--json', '--state', folder]);
    try {
      return JSON.parse(text) as ClusterStatus;
    } catch (error) {
      throw new Error(`status --json printed ${JSON.stringify(text)}`, { cause: error });
    }
  };
  const node = async (name: string): Promise<ClusterNode> => {
    const found = (await status()).nodes.find((row) => row.name === name);
    if (found === undefined) throw new Error(`no node ${name}`);
    return found;
  };
  return {
    folder,
    status,
    node,
    signal: async (name, what) => {
      const { pid } = await node(name);
      if (pid === null) throw new Error(`${name} has no process`);
      process.kill(pid, what);
    },
    secret: (name) => readFileSync(join(folder, 'secrets', name), 'utf8').trim(),
    configurationText: () => readFileSync(join(folder, 'holdfast.yaml'), 'utf8'),
    stop: async () => {
      await holdfast(['down', '--state', folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs the CLI under the runtime of this process; resolves with what it printed. */
export async function holdfast(args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run(process.execPath, [CLI, ...args], {
      cwd: ROOT,
      maxBuffer: 16 << 20,
      timeout: 180_000,
    });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`holdfast ${args.join(' ')} failed\n${stdout}\n${stderr}`, { cause: error });
  }
}

/** A block of 100 ports of loopback of which none is taken now. */
async function freeBase(): Promise<number> {
  for (let tries = 0; tries < 50; tries += 1) {
    const base = 20_000 + 100 * Math.floor(Math.random() * 100);
    const free = await Promise.all(Array.from({ length: 100 }, (_, offset) => isFree(base + offset)));
    if (free.every(Boolean)) return base;
  }
  throw new Error('no block of 100 free ports found');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Waits until `condition` gives something, looking every `everyMs`; throws with `what` after `limitMs`. */
export async function until<T>(
  what: string,
  limitMs: number,
  condition: () => Promise<T | undefined | false>,
  everyMs = 50,
): Promise<T> {
  const end = performance.now() + limitMs;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const value = await condition();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      last = error;
    }
    await pause(everyMs);
  }
  throw new Error(`${what}: not within ${limitMs} ms`, { cause: last });
}

/** The recorded prices, where they are at hand. */
export function recordedData(name: string): string | undefined {
  const file = join(ROOT, '..', 'shared', 'data', name);
  return existsSync(file) ? file : undefined;
}
