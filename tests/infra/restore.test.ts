/**
 * Disaster recovery: the host of sync is lost with its database, and ClickHouse with it. A new environment gets the snapshots
 * and what Redis and the broker hold; sync restores its database from the newest snapshot, takes from Redis what came after
 * it, and fills the empty ClickHouse.
 */
import { cpSync } from 'node:fs';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { check } from '../e2e/checker.ts';
import { until } from '../e2e/cluster.ts';
import { gather, recordsOf } from '../e2e/evidence.ts';
import { openSite, type Site, syncStatus } from './site/site.ts';

const stage = inject('stage');
const ACCOUNT = 'demo-hedging';
/** What is kept; the database of sync and ClickHouse are not. */
const KEPT = [
  'redis-1',
  'redis-2',
  'redis-3',
  'sentinel-1',
  'sentinel-2',
  'sentinel-3',
  'broker',
  'terminal-1',
  'terminal-2',
  'terminal-3',
  'sync-snapshots',
];

let lost: Site;
let restored: Site;
beforeAll(async () => {
  lost = await openSite(stage, 'lost');
  restored = await openSite(stage, 'restored');
});
afterAll(async () => {
  await restored?.remove();
  await lost?.remove();
}, 180_000);

async function trade(site: Site, prefix: string): Promise<readonly string[]> {
  const ids = Array.from({ length: 10 }, (_, index) => `${prefix}-${index}`);
  const sent = ids.map((id) =>
    site.client.send(ACCOUNT, { id, action: 'open', symbol: 'EURUSD', side: 'buy', volume: '0.01' }),
  );
  for (const told of await Promise.all(sent)) expect(told.acknowledgedAt).toBeDefined();
  return ids;
}

/** The signals of which Redis has the result. */
async function resultsOf(site: Site): Promise<readonly unknown[]> {
  const records = await recordsOf(site.client, ACCOUNT);
  return records.filter(({ kind }) => kind === 'result').map((row) => row['signalId']);
}

/** Everything but the containers' data goes; both environments have the same addresses. */
async function takeDown(site: Site): Promise<void> {
  for (const part of ['monitoring', 'apps', 'data'] as const) {
    expect(await site.stacks.destroy(part)).toMatchObject({ code: 0 });
  }
  expect(await site.stacks.destroy('base', '-target=docker_network.network')).toMatchObject({ code: 0 });
}

it('brings the results into a new environment, from a snapshot and from Redis', async () => {
  await lost.applyAll();
  const ids = [...(await trade(lost, 'before'))];
  expect(check(await gather(lost.gathered, lost.client, ACCOUNT, 60_000))).toEqual([]);
  const first = (await syncStatus(lost)).snapshot.name;
  await until(
    'a snapshot after the first signals',
    90_000,
    async () => {
      const { name } = (await syncStatus(lost)).snapshot;
      return name !== null && name !== first;
    },
    500,
  );
  // What no snapshot can hold: there is nobody to take one.
  await lost.docker('stop', lost.container('sync'));
  ids.push(...(await trade(lost, 'after')));
  await until(
    'results of all signals',
    30_000,
    async () => (await resultsOf(lost)).length === ids.length,
    250,
  );
  await takeDown(lost);

  await restored.stacks.apply('base');
  for (const volume of KEPT) {
    const [from, to] = [
      await lost.volume(`holdfast-lost-${volume}`),
      await restored.volume(`holdfast-restored-${volume}`),
    ];
    cpSync(from, to, { recursive: true, preserveTimestamps: true });
    await restored.own(`holdfast-restored-${volume}`);
  }
  await restored.applyAll();

  expect((await syncStatus(restored)).restored.from).toBe('snapshot');
  const results = await resultsOf(restored);
  expect(new Set(results)).toEqual(new Set(ids));
  expect(results).toHaveLength(ids.length);
  ids.push(...(await trade(restored, 'restored')));
  // Both stores have every record again, row by row as Redis and the broker have them.
  const evidence = await gather(restored.gathered, restored.client, ACCOUNT, 60_000);
  expect(check(evidence)).toEqual([]);
  expect(evidence.results).toHaveLength(ids.length);
});
