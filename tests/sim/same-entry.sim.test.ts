/**
 * A primary that is cut off from its replicas goes on to take signals, which nobody is told of. The next one gives the same ids of
 * entries to other signals, surely so where an earlier primary's clock was ahead, for ids never go back. The engine has read both:
 * none may be taken for the other, and the end of one may not take the other's entry away (I1, I2).
 */
import { type Signal, signalMagic } from '@holdfast/ha-core';
import { accountKeys } from '@holdfast/redis';
import { expect, test } from 'vitest';
import { missing, primariesOf, primaryOf } from './redis/wholeness.ts';
import { startChecked } from './system/checked-system.ts';
import { letEntriesBeAhead } from './system/entries-ahead.ts';
import { ACCOUNT, type System } from './system/system.ts';

const READY_WITHIN_MS = 15_000;
const FAILOVER_WITHIN_MS = 5000;
const DONE_WITHIN_MS = 20_000;
const LIFE_MS = 60_000;
/** Times the seed: from one signal to the next. */
const APART_MS = 40;

const open = (id: string): Signal => ({ id, action: 'open', symbol: 'EURUSD', side: 'buy', volume: '0.10' });

const isFilled = ({ redis, machines }: System, id: string): boolean => {
  const key = accountKeys(ACCOUNT).signal(signalMagic(ACCOUNT, id));
  const row = redis.state(primaryOf(machines)).disk.data.keys.get(key);
  return row?.is === 'hash' && row.fields.get('state') === 'filled';
};

test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])(
  'each is executed once, and none is lost; seed %i',
  async (seed) => {
    const { system, client } = await startChecked({ seed });
    const { world, wire, machines } = system;
    const ready = (): boolean =>
      missing(machines) === undefined &&
      system.engine('engine-1')?.view().accounts[0]?.active?.connection === 'up';
    expect(await world.run(ready, READY_WITHIN_MS)).toBe(true);
    const isEnded = (id: string): boolean => client.told.get(id)?.ended === true;
    void client.send(open('first'), LIFE_MS);
    expect(await world.run(() => isEnded('first'), FAILOVER_WITHIN_MS)).toBe(true);
    letEntriesBeAhead(system);

    const old = primaryOf(machines);
    const others = system.redis.names.filter((name) => name !== old);
    for (const other of others) wire.cut(old, other);
    const ids = ['a', 'b', 'c', 'd'];
    for (const id of ids) {
      void client.send(open(id), LIFE_MS);
      await world.run(world.now() + seed * APART_MS);
    }
    const next = (): string | undefined => primariesOf(machines).find((name) => name !== old);
    expect(await world.run(() => next() !== undefined, FAILOVER_WITHIN_MS)).toBe(true);
    expect(await world.run(() => ids.every(isEnded), FAILOVER_WITHIN_MS)).toBe(true);
    for (const other of others) wire.heal(old, other);
    await world.run(() => ids.every((id) => isFilled(system, id)), DONE_WITHIN_MS);
    expect(ids.filter((id) => !isFilled(system, id))).toEqual([]);
    const { orders } = system.broker.ledger();
    const counts = ids.map((id) => orders.filter(({ magic }) => magic === signalMagic(ACCOUNT, id)).length);
    expect(counts).toEqual(ids.map(() => 1));
  },
);
