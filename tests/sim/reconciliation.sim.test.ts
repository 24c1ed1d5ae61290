/**
 * Reports of a reconciliation on the whole system: a position that a person closed is told once as missing, the report of a new
 * leader says so too, and a request has its answer when the report stands.
 */
import type { ReconciliationReport } from '@holdfast/ha-core';
import { accountKeys } from '@holdfast/redis';
import { expect, test } from 'vitest';
import { missing, primaryOf } from './redis/wholeness.ts';
import { startClient } from './system/client.ts';
import { startPerson } from './system/person.ts';
import { ACCOUNT, startSystem, type System } from './system/system.ts';

const watch = { onPrimary: () => {}, onJournalLine: () => {}, onOrderSend: () => {} };

function reportOf(system: System): ReconciliationReport | undefined {
  const { keys } = system.redis.state(primaryOf(system.machines)).disk.data;
  const instance = keys.get(accountKeys(ACCOUNT).instance);
  const text = instance?.is === 'hash' ? instance.fields.get('reconciliation') : undefined;
  return text === undefined ? undefined : (JSON.parse(text) as ReconciliationReport);
}

const leads = (system: System, engine: string): boolean =>
  system.engine(engine)?.view().accounts[0]?.active?.connection === 'up';

async function start(seed: number) {
  const system = await startSystem({ seed }, watch);
  const { world } = system;
  const client = startClient(system, 'client-1', () => {});
  const wishes = startPerson(system);
  const wish = (id: string): void =>
    void wishes.wish(ACCOUNT, { id, what: 'reconcile', by: 'ann', reason: 'to see', args: {} }, 3000);
  expect(
    await world.run(() => missing(system.machines) === undefined && leads(system, 'engine-1'), 15_000),
  ).toBe(true);
  void client.send({ id: 's1', action: 'open', symbol: 'EURUSD', side: 'buy', volume: '0.10' }, 60_000);
  expect(await world.run(() => system.broker.ledger().positions.length === 1, 5000)).toBe(true);
  await world.run(world.now() + 1000);
  return { system, world, wish };
}

test('a request is answered with a report, and what is ours is no stranger', async () => {
  const { system, world, wish } = await start(1);
  wish('r1');
  expect(await world.run(() => reportOf(system)?.cause === 'request', 5000)).toBe(true);
  expect(reportOf(system)).toMatchObject({
    matched: 1,
    oursMissing: 0,
    brokerExtra: 0,
    differing: 0,
    rows: [],
  });
});

test('a position that a person closed is told once as missing', async () => {
  const { system, world, wish } = await start(2);
  const [position] = system.broker.ledger().positions;
  system.broker.addFault({ kind: 'manual_close', account: ACCOUNT, position: position?.ticket ?? '' });
  await world.run(world.now() + 2000);
  expect(system.broker.ledger().positions).toEqual([]);
  wish('r1');
  expect(await world.run(() => reportOf(system)?.cause === 'request', 5000)).toBe(true);
  expect(reportOf(system)).toMatchObject({ matched: 0, oursMissing: 1 });
  expect(reportOf(system)?.rows).toMatchObject([{ what: 'position', finding: 'ours_missing' }]);
  wish('r2');
  const told = reportOf(system)?.at;
  expect(await world.run(() => reportOf(system)?.at !== told, 5000)).toBe(true);
  expect(reportOf(system)).toMatchObject({ oursMissing: 0, rows: [] });
});

test('a new leader reports what it found, behind its first signals', async () => {
  const { system, world } = await start(3);
  const before = reportOf(system)?.at ?? 0;
  system.crash('engine-1');
  expect(await world.run(() => leads(system, 'engine-2'), 5000)).toBe(true);
  expect(await world.run(() => (reportOf(system)?.at ?? 0) > before, 5000)).toBe(true);
  expect(reportOf(system)).toMatchObject({ cause: 'takeover', matched: 1, oursMissing: 0, brokerExtra: 0 });
});
