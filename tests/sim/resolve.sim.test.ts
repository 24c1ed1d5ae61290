/**
 * A person ends an unknown outcome, on the whole system: once, in the one result, with who and why (I6); what waited behind it
 * goes on; nothing is sent again (I5); and an engine that dies with the wish leaves it to the next.
 */
import { accountKeys, type Wish } from '@holdfast/redis';
import { signalMagic } from '@holdfast/ha-core';
import { expect, test } from 'vitest';
import { startClient } from './system/client.ts';
import { startPerson } from './system/person.ts';
import { ACCOUNT, startSystem, type System } from './system/system.ts';

const watch = { onPrimary: () => {}, onJournalLine: () => {}, onOrderSend: () => {} };

async function start(seed: number) {
  const system = await startSystem({ seed }, watch);
  const { world } = system;
  const client = startClient(system, 'client-1', () => {});
  const wishes = startPerson(system);
  /** Runs the world until the promise has its value. */
  const run = async <Value>(promise: Promise<Value>): Promise<Value> => {
    let value: { readonly is: Value } | undefined;
    void promise.then((is) => {
      value = { is };
    });
    await world.run(() => value !== undefined, 20_000);
    if (value === undefined) throw new Error(world.story().join('\n'));
    return value.is;
  };
  const store = async (id: string, args: Wish['args']): Promise<void> => {
    const wish: Wish = { id, what: 'resolve', by: 'ann', reason: 'not in the terminal', args };
    expect(await run(wishes.wish(ACCOUNT, wish, 3000))).toMatchObject({ is: 'accepted' });
  };
  const answer = async (id: string) => {
    for (let reads = 0; reads < 100; reads += 1) {
      const read = await run(wishes.read(ACCOUNT));
      const said = read.is === 'read' && read.value.answered.find((wish) => wish.id === id);
      if (said && said.answer) return said.answer;
      await world.run(world.now() + 100);
    }
    throw new Error(`no answer to ${id}:\n${world.story().join('\n')}`);
  };
  const records = async () =>
    ((await run(client.records())) ?? []).map(({ text }) => JSON.parse(text) as Record<string, unknown>);
  const results = async () => (await records()).filter(({ kind }) => kind === 'result');
  return { system, client, store, answer, run, records, results };
}

const open = (id: string) => ({ id, action: 'open', symbol: 'EURUSD', side: 'buy', volume: '0.10' }) as const;

/** How a signal stands on any node. */
function stateOf(system: System, id: string): string | undefined {
  const key = accountKeys(ACCOUNT).signal(signalMagic(ACCOUNT, id));
  const row = system.redis.names.map((name) => system.redis.state(name).disk.data.keys.get(key));
  const found = row.find((one) => one?.is === 'hash');
  return found?.is === 'hash' ? found.fields.get('state') : undefined;
}

/** s1 became unknown, s2 of the same symbol waits behind it. */
async function withUnknown(seed: number, executeAfterMs?: number) {
  const stage = await start(seed);
  const { system, client, run } = stage;
  await system.world.run(
    () => system.engine('engine-1')?.view().accounts[0]?.active?.connection === 'up',
    15_000,
  );
  const lost = { terminal: 'terminal-1', times: 1, retcode: 10012 };
  system.broker.addFault(
    executeAfterMs === undefined
      ? { kind: 'drop_request', ...lost }
      : { kind: 'drop_reply', executeAfterMs, ...lost },
  );
  await run(client.send(open('s1'), 60_000));
  await system.world.run(() => stateOf(system, 's1') === 'unknown', 5000);
  await run(client.send(open('s2'), 60_000));
  await system.world.run(system.world.now() + 2000);
  expect([stateOf(system, 's1'), stateOf(system, 's2')]).toEqual(['unknown', 'accepted']);
  expect(system.broker.ledger().orders).toEqual([]);
  return stage;
}

test('what a person says ends it once; the symbol goes on, and nothing is sent again', async () => {
  const { system, store, answer, results } = await withUnknown(1);
  await store('w1', { signal: 's1', outcome: 'done' });
  expect(await answer('w1')).toMatchObject({
    is: 'refused',
    detail: 'outcome "done" of a deal: expected one of filled, partly_filled, rejected',
  });
  await store('w2', { signal: 's1', outcome: 'rejected' });
  expect(await answer('w2')).toMatchObject({ is: 'done', detail: 's1 has ended: resolved, record 1' });
  await system.world.run(() => stateOf(system, 's2') === 'filled', 10_000);
  await store('w3', { signal: 's1', outcome: 'filled' });
  expect(await answer('w3')).toMatchObject({ is: 'done', detail: 's1 has ended: resolved, record 1' });
  await store('w4', { signal: 's9', outcome: 'filled' });
  expect(await answer('w4')).toMatchObject({ is: 'refused' });
  expect(await results()).toMatchObject([
    {
      signalId: 's1',
      outcome: 'resolved',
      reason: 'person',
      resolution: { said: 'rejected', by: 'ann', reason: 'not in the terminal' },
    },
    { signalId: 's2', outcome: 'filled' },
  ]);
  expect(system.broker.ledger().orders).toMatchObject([{ magic: signalMagic(ACCOUNT, 's2') }]);
});

test('an engine that dies with the wish leaves it to the next', async () => {
  const { system, store, answer, results } = await withUnknown(2);
  system.crash('engine-1');
  await store('w1', { signal: 's1', outcome: 'rejected' });
  expect(await answer('w1')).toMatchObject({ is: 'done', by: 'engine-2' });
  const ended = (await results()).filter(({ signalId }) => signalId === 's1');
  expect(ended).toMatchObject([{ outcome: 'resolved', resolution: { by: 'ann' } }]);
});

test('a fill that comes after that is a correction beside the result, once, and the position is adopted', async () => {
  const { system, store, answer, records } = await withUnknown(3, 20_000);
  const { world } = system;
  await store('w1', { signal: 's1', outcome: 'rejected' });
  expect(await answer('w1')).toMatchObject({ is: 'done' });
  await world.run(world.now() + 30_000);
  system.crash('engine-1');
  await world.run(world.now() + 15_000);
  const ofFirst = (await records()).filter(({ signalId }) => signalId === 's1');
  expect(ofFirst.map(({ kind, outcome, reason }) => [kind, outcome ?? reason])).toEqual([
    ['result', 'resolved'],
    ['deal', undefined],
    ['correction', 'late_fill'],
  ]);
  expect(system.broker.ledger().positions).toHaveLength(2);
  // The alarm may ring again at the next engine; the record never comes again.
  const rang = world.story().filter((line) => line.includes('"what":"correction"'));
  expect(rang.filter((line) => line.includes('engine-1 notify'))).toHaveLength(1);
});
