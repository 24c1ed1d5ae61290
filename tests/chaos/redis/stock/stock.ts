/**
 * Stock Redis and Sentinel on the same machine in the same run, to hold ours against: three of each with the same
 * settings, no wardens, a plain client. Each run starts them anew, so that they take no processor time from ours.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { monotonicMs, pause, within } from '@holdfast/drill';
import { startChild } from '../hosts/child.ts';
import { type Cluster, startCluster } from '../hosts/cluster.ts';
import type { TestNetwork } from '../hosts/network.ts';
import { untilWhole } from '../hosts/whole.ts';
import { firstAcknowledged } from '../measures.ts';
import type { Story } from '../story.ts';
import { createTail, type Told } from '../writers/record.ts';
import type { StockClientOptions } from './client-main.ts';

const CLIENT = fileURLToPath(new URL('./client-main.ts', import.meta.url));

export type StockResult = {
  readonly downAfterMs: number;
  readonly fault: 'kill -9' | 'SIGSTOP';
  readonly outageMs: number | undefined;
};

export type Stock = {
  /** The next of its four kinds of run; resolves with a line that says how it went. */
  readonly next: () => Promise<string>;
  readonly results: () => readonly StockResult[];
};

type Kind = { readonly profile: 'fast' | 'seed'; readonly fault: StockResult['fault'] };

const KINDS: readonly Kind[] = [
  { profile: 'fast', fault: 'kill -9' },
  { profile: 'seed', fault: 'kill -9' },
  { profile: 'fast', fault: 'SIGSTOP' },
  { profile: 'seed', fault: 'SIGSTOP' },
];

const WHOLE_WITHIN_MS = 30_000;
const WARM_ACKS = 20;
const SERVED_WITHIN_MS = 40_000;
const PORT_OFFSET = 1000;

/** Stock runs in the same network. */
export function createStock(folder: string, network: TestNetwork, story: Story): Stock {
  const results: StockResult[] = [];
  let number = 0;
  return {
    results: () => results,
    next: async () => {
      const kind = KINDS[number % KINDS.length] ?? { profile: 'fast', fault: 'kill -9' };
      number += 1;
      mkdirSync(folder, { recursive: true });
      const own = mkdtempSync(join(folder, 'stock-'));
      const cluster = await startCluster({
        folder: own,
        network,
        story,
        profile: kind.profile,
        wardens: false,
        shim: undefined,
        plainDisks: true,
        portOffset: PORT_OFFSET,
        label: 'stock-',
      });
      try {
        const result = await stockRun(own, network, story, cluster, kind);
        if (typeof result === 'string') return `stock: ${result}`;
        results.push(result);
        const ms = result.outageMs === undefined ? '—' : result.outageMs.toFixed(0);
        return `stock     down-after ${result.downAfterMs}  ${result.fault.padEnd(8)} outage ${ms}`;
      } finally {
        await cluster.stop();
        rmSync(own, { recursive: true, force: true });
      }
    },
  };
}

async function stockRun(
  folder: string,
  network: TestNetwork,
  story: Story,
  cluster: Cluster,
  kind: Kind,
): Promise<StockResult | string> {
  const whole = await untilWhole(cluster, story, WHOLE_WITHIN_MS);
  if (whole.primary === undefined) return `not whole: ${whole.missing}`;
  const { redis } = cluster.files.values;
  const file = join(folder, 'client.told');
  writeFileSync(file, '');
  const how: StockClientOptions = {
    sentinels: redis.sentinels.map(({ host, port }) => ({ host, port })),
    name: redis.primaryName,
    password: cluster.files.password,
    file,
    account: 'stock',
  };
  const client = startChild({
    name: 'stock-client',
    command: network.on('client-1', [process.execPath, CLIENT, JSON.stringify(how)]),
    story,
  });
  try {
    const tail = createTail(file);
    const told: Told[] = [];
    const readOn = (): readonly Told[] => {
      told.push(...tail());
      return told;
    };
    const warm = await within({ limitMs: 15_000 }, () =>
      readOn().filter(({ outcome }) => outcome === 'acknowledged').length >= WARM_ACKS ? true : undefined,
    );
    if (warm === undefined) return 'the plain client got no acknowledgements before the fault';
    await pause(200);
    const child = whole.primary.child();
    const atMs = monotonicMs();
    if (kind.fault === 'kill -9') child?.signal('SIGKILL');
    else child?.freeze();
    const acknowledgedMs = await within({ limitMs: SERVED_WITHIN_MS, everyMs: 10 }, () =>
      firstAcknowledged(readOn(), atMs, 'stock'),
    );
    return {
      downAfterMs: kind.profile === 'fast' ? 500 : 3000,
      fault: kind.fault,
      outageMs: acknowledgedMs === undefined ? undefined : acknowledgedMs - atMs,
    };
  } finally {
    await client.kill();
  }
}
