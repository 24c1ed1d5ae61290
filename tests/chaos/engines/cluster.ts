/**
 * The system under test: six accounts on two engines, two backends, three Redis nodes with Sentinels and wardens, the
 * simulated broker and a terminal for each account, started by the supervisor that users have. Without the stores of
 * results, which decide nothing here. Each part runs as a group of its own, so that its packets can be told apart.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LocalCluster, prepareState, startLocalCluster } from '@holdfast/local-cluster';
import { realHost } from '@holdfast/process';
import { parseDocument } from 'yaml';
import type { Place } from '../launch/launch.ts';

export type TestCluster = {
  readonly folder: string;
  readonly stop: () => Promise<void>;
};

export type TestClusterOptions = {
  readonly folder: string;
  readonly place: Place;
  readonly accounts: number;
  readonly tell: (text: string) => void;
};

/** Groups of parts, counted in the order of their names; firewall rules name them. */
const FIRST_GROUP = 31_001;
const LEFT_OUT = new Set(['sync', 'clickhouse']);

/** The group that a part runs as. */
export function groupOf(parts: readonly { readonly name: string }[], name: string): number {
  return FIRST_GROUP + parts.map((part) => part.name).indexOf(name);
}

/** Makes the state and starts everything; the caller waits until it is whole. */
export async function startTestCluster(options: TestClusterOptions): Promise<TestCluster> {
  const { place, tell } = options;
  const folder = join(options.folder, 'state');
  // Loopback of namespaces of our own has no other user; elsewhere the ports depend on this process.
  const basePort = place === 'namespaces' ? 18_000 : 20_000 + 200 * (process.pid % 100);
  prepareState(folder, { basePort, apiPort: basePort + 99, profile: 'fast' }).settle();
  addAccounts(folder, options.accounts);
  const cluster: LocalCluster = await startLocalCluster({
    folder,
    changes: {},
    host: realHost,
    runtime: process.execPath,
    tell,
    arrange: (nodes) =>
      nodes
        .filter(({ kind }) => !LEFT_OUT.has(kind))
        .map((node, _, all) => ({
          ...node,
          after: node.after.filter((name) => all.some((other) => other.name === name)),
          command: place === 'namespaces' ? inGroup(groupOf(all, node.name), node.command) : node.command,
        })),
  });
  return { folder, stop: () => cluster.stop(true) };
}

function inGroup(group: number, command: readonly string[]): [string, ...string[]] {
  return ['setpriv', `--regid=${group}`, '--clear-groups', ...command];
}

/** Half of the accounts are netting, half hedging; each has a terminal of its own. */
function addAccounts(folder: string, count: number): void {
  const file = join(folder, 'holdfast.yaml');
  const document = parseDocument(readFileSync(file, 'utf8'));
  writeFileSync(join(folder, 'secrets', 'bridge'), `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
  const accounts = Array.from({ length: count }, (_, index) => ({
    account: `chaos-${index + 1}`,
    margin: index % 2 === 0 ? 'netting' : 'hedging',
    bridgeSecretFile: 'secrets/bridge',
    terminals: [{ name: `terminal-${index + 1}`, role: 'primary' }],
    symbols: ['EURUSD', 'GBPUSD', 'USDJPY', 'XAUUSD'],
  }));
  document.set('accounts', accounts);
  document.delete('webhooks');
  // What a broker takes at least, so that orders are under way when a fault strikes.
  document.setIn(['simulator', 'latencyMs'], 2);
  // Nobody answers there, and nobody asks: the stores of results are left out.
  document.setIn(['clickhouse', 'url'], 'http://127.0.0.2:8123');
  writeFileSync(file, document.toString(), { mode: 0o600 });
}
