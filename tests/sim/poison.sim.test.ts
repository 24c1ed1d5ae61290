/**
 * Entries of RTSS that no backend of ours would have stored, on the whole system: each ends with its reason, the signals behind
 * them go on, and no engine falls over them. And an id that is asked for again after a month is the same signal still (I2).
 */
import { type Signal, signalMagic } from '@holdfast/ha-core';
import { accountKeys } from '@holdfast/redis';
import { expect, test } from 'vitest';
import { startClient } from './system/client.ts';
import { startWriter } from './system/person.ts';
import { ACCOUNT, startSystem } from './system/system.ts';

const watch = { onPrimary: () => {}, onJournalLine: () => {}, onOrderSend: () => {} };
const MONTH_MS = 31 * 24 * 3600 * 1000;
const open = (id: string): Signal => ({ id, action: 'open', symbol: 'EURUSD', side: 'buy', volume: '0.10' });

const POISON: readonly (readonly [string, string, string])[] = [
  ['p1', '{', '60000'],
  ['p2', 'null', '60000'],
  ['p3', '{"id":"p3","action":"explode","symbol":"EURUSD"}', '60000'],
  ['p4', '{"id":"p4","action":"open","symbol":"EURUSD","side":"buy","volume":0.1}', '60000'],
  ['p5', JSON.stringify(open('p5')), 'soon'],
];

test('poison entries are set aside, the others go on; the same id after a month is a repeat', async () => {
  const system = await startSystem({ seed: 4 }, watch);
  const { world } = system;
  const client = startClient(system, 'client-1', () => {});
  const writer = startWriter(system, 'stranger');
  const keys = accountKeys(ACCOUNT);
  await world.run(() => system.engine('engine-1')?.view().accounts[0]?.active?.connection === 'up', 15_000);
  for (const [id, body, ttl] of POISON) {
    const magic = signalMagic(ACCOUNT, id);
    const call = {
      name: 'hf_accept',
      keys: [keys.signal(magic), keys.rtss, keys.account],
      args: [id, 'digest', body, magic, ttl, 'stranger'],
    };
    let stored = '';
    void writer.write(call).then(({ is }) => {
      stored = is;
    });
    await world.run(() => stored !== '', 5000);
    expect(stored).toBe('acknowledged');
  }
  void client.send(open('s1'), 60_000);
  await world.run(world.now() + 3000);
  let rows: Record<string, unknown>[] | undefined;
  void client.records().then((read) => {
    rows = read?.map(({ text }) => JSON.parse(text) as Record<string, unknown>);
  });
  await world.run(() => rows !== undefined, 5000);
  const results = rows?.filter(({ kind }) => kind === 'result') ?? [];
  expect(results.map(({ signalId, outcome, reason, epoch }) => [signalId, outcome, reason, epoch])).toEqual([
    ...POISON.map(([id]) => [id, 'rejected', 'poison', 1]),
    ['s1', 'filled', 'executed', 1],
  ]);
  for (const name of system.redis.names) system.process(name).stepWallClock(MONTH_MS);
  await world.run(world.now() + 2000);
  void client.send(open('s1'), 60_000);
  await world.run(() => (client.told.get('s1')?.answers.length ?? 0) > 0, 10_000);
  expect(client.told.get('s1')?.answers).toMatchObject([{ is: 'repeat', state: 'filled', number: 6 }]);
  await world.run(world.now() + 3000);
  expect(system.broker.ledger().orders).toHaveLength(1);
});
