/**
 * Three real Redis nodes, each with its Sentinel and its warden, users and all, as a cluster has them: the trio of
 * @holdfast/topology with the warden processes beside it, and nodes that start again through the start gate.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { REDIS_USERS } from '@holdfast/configuration';
import { realHost } from '@holdfast/process';
import { freePorts } from '@holdfast/redis/testing';
import { as, PASSWORDS, type RealTrio, startTrio, trioFolder, until } from '@holdfast/topology/testing';
import { gateLines, passGate } from '@holdfast/warden/gate';

export type GuardedTrio = RealTrio & {
  /** Waits until every warden's node has its place: the primary, or a replica that can be promoted. */
  readonly whole: () => Promise<void>;
  /** Starts a killed node again as the start gate says; why it says so. */
  readonly startThroughGate: (index: number) => Promise<string>;
  /** kill -9 of every warden. */
  readonly killWardens: () => Promise<void>;
  readonly startWardens: () => void;
  /** What the wardens have said. */
  readonly wardensLog: () => string;
};

const WARDEN = fileURLToPath(new URL('../../../apps/warden/src/main.ts', import.meta.url));
const INDEXES = [0, 1, 2] as const;
/** Nine processes start together on a machine that may be busy. */
const WHOLE_WITHIN_MS = 40_000;

/** Starts everything and waits until it is whole. Throws with what the wardens said; nothing is left running then. */
export async function startGuardedTrio(): Promise<GuardedTrio> {
  const folder = trioFolder();
  const redis = as('warden');
  const trio = await startTrio({ folder, redis, secrets: { users: PASSWORDS } });
  const ports = await freePorts(6);
  const wardens = INDEXES.map((index) => ({
    name: `warden-${index + 1}`,
    node: `redis-${index + 1}`,
    peer: { host: '127.0.0.1', port: ports[index] ?? 0 },
    health: { host: '127.0.0.1', port: ports[index + 3] ?? 0 },
  }));
  const file = writeConfiguration(folder, trio, wardens);
  let children: ChildProcess[] = [];
  const startWardens = (): void => {
    children = wardens.map(({ name }): ChildProcess => {
      const log = openSync(join(folder, `${name}.log`), 'a');
      const args = [WARDEN, '--config', file, '--name', name];
      const child = spawn(process.execPath, args, { stdio: ['ignore', log, log] });
      closeSync(log);
      return child;
    });
  };
  const wardensLog = (): string =>
    wardens.map(({ name }) => readFileSync(join(folder, `${name}.log`), 'utf8').slice(-2000)).join('\n');
  const endAll = (): void => {
    for (const child of children) child.kill('SIGKILL');
  };
  process.once('exit', endAll);
  const killWardens = async (): Promise<void> => {
    await Promise.all(children.map(ended));
  };
  const stop = async (): Promise<void> => {
    await killWardens();
    process.off('exit', endAll);
    await trio.stop();
  };
  const whole = async (): Promise<void> => {
    for (const { name, health } of wardens) {
      const ready = async (): Promise<boolean> =>
        (await fetch(`http://${health.host}:${health.port}/readyz`).catch(() => undefined))?.status === 200;
      await until(`${name} is ready`, ready, WHOLE_WITHIN_MS);
    }
  };
  startWardens();
  try {
    await whole();
  } catch (error) {
    const said = wardensLog();
    await stop();
    throw new Error(`${String(error)}\n${said}`, { cause: error });
  }
  return {
    ...trio,
    whole,
    killWardens,
    startWardens,
    wardensLog,
    stop,
    startThroughGate: async (index) => {
      const self = trio.redis.nodes[index]?.name ?? '';
      const decision = await passGate({ ...trio.redis, host: realHost, redis }, self);
      const lines = join(folder, self, 'gate.conf');
      writeFileSync(lines, gateLines(decision), { mode: 0o600 });
      trio.restart(index, ['--include', lines]);
      return decision.why;
    },
  };
}

/** A holdfast.yaml of which only the wardens read, and that only about Redis. */
function writeConfiguration(folder: string, trio: RealTrio, wardens: readonly unknown[]): string {
  const secret = (name: string, text: string): string => {
    writeFileSync(join(folder, name), `${text}\n`, { mode: 0o600 });
    return name;
  };
  const unused = (port: number) => ({ host: '127.0.0.1', port });
  const users = REDIS_USERS.map((user) => [
    user,
    { passwordFile: secret(`${user}.password`, PASSWORDS[user]) },
  ]);
  const values = {
    cluster: 'failover',
    profile: 'fast',
    redis: {
      nodes: trio.redis.nodes,
      sentinels: trio.redis.sentinels,
      wardens,
      users: Object.fromEntries(users) as unknown,
    },
    engines: [{ name: 'engine-1', bridge: unused(1), peer: unused(2), health: unused(3) }],
    backends: [{ name: 'backend-1', listen: unused(4) }],
    api: { listen: unused(5), keyFile: secret('api.key', 'a-key-of-the-tests') },
    sync: { name: 'sync', api: unused(6), database: 'results.duckdb' },
    clickhouse: { url: 'http://127.0.0.1:7' },
    clusterSecretFile: secret('cluster.secret', 'a-secret-of-the-tests'),
    accounts: [
      {
        account: 'demo',
        margin: 'hedging',
        bridgeSecretFile: secret('bridge.secret', 'another-secret-of-the-tests'),
        terminals: [{ name: 'terminal-1', role: 'primary' }],
        symbols: ['EURUSD'],
      },
    ],
  };
  const file = join(folder, 'holdfast.yaml');
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(values));
  return file;
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
