/**
 * Everything is started at once, and every Sentinel with a new file: after a change of the profile, of an address, of a secret.
 * No node works as primary yet, so the Sentinels name the first of the configuration, though another has the newest data.
 */
import { as, ask, until } from '@holdfast/topology/testing';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type GuardedTrio, startGuardedTrio } from './guarded-trio.ts';
import { entriesOn, primaryOf, startWriting } from './writing.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const MORE = 50;

let trio: GuardedTrio;
beforeAll(async () => {
  trio = await startGuardedTrio();
});
afterAll(() => trio?.stop());

it('Sentinels that know only whom they name: the node with the newest data becomes primary, and nothing is lost', async () => {
  const writing = startWriting(trio.endpoints);
  const written = (more: number): Promise<void> => {
    const from = writing.acknowledged.size;
    return until(`${more} more`, () => Promise.resolve(writing.acknowledged.size >= from + more), 20_000);
  };
  await written(MORE);
  await trio.kill(0);
  await written(MORE);
  await writing.stop();
  await trio.killWardens();
  await Promise.all([trio.kill(1), trio.kill(2)]);
  const [first] = trio.endpoints;
  if (first === undefined) throw new Error('a trio has a first node');

  await trio.startSentinelsAnew(first);
  for (const index of [0, 1, 2]) await trio.startThroughGate(index);
  trio.startWardens();
  try {
    await trio.whole();
  } catch (error) {
    throw new Error(`${String(error)}\n${trio.wardensLog()}`, { cause: error });
  }

  const now = await primaryOf(trio);
  expect(now).not.toBe(0);
  const entries = await entriesOn(trio.endpoints[now] ?? first);
  expect([...writing.acknowledged.keys()].filter((id) => entries.get(id) !== 1)).toEqual([]);
  for (const sentinel of trio.sentinels) {
    const named = await ask(as('warden'), sentinel, [
      'SENTINEL',
      'GET-MASTER-ADDR-BY-NAME',
      trio.redis.primaryName,
    ]);
    expect(named).toEqual([trio.endpoints[now]?.host, String(trio.endpoints[now]?.port)]);
  }
});
