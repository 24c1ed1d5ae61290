/** The terminal dies at every point of a command, and starts again on its journal (rules 4 and 5, I5). */
import { expect, test } from 'vitest';
import type { CrashPoint } from '../broker/fault-menu.ts';
import { ask, BUY, createWorld, fence, journalled, sendTo, told } from '../testing/world.ts';

/** A world whose terminal died at that point of `s1/1` and started again. */
async function crashed(point: CrashPoint, command = BUY, brokerDown = false) {
  const world = await createWorld();
  await fence(world, world.a, 'a', '1');
  world.broker.addFault({ kind: 'crash', terminal: 'terminal-1', point });
  await world.advance(5);
  sendTo(world.a.session(), 'a', '1', 's1/1', command);
  await world.advance(20);
  expect(String(world.deaths)).toContain(`crashed ${point}`);
  expect([world.a.hasSession(), told(world.a).length]).toEqual([false, 0]);
  if (brokerDown) world.broker.addFault({ kind: 'broker_down', forMs: 2000, syncMs: 1000 });
  await world.restart({ boot: 'boot-2' });
  return world;
}

test.each([
  ['before_intent', 0, 'never'],
  ['after_intent', 0, 'intent'],
  ['after_send', 1, 'result'],
  ['after_result', 1, 'result'],
] as const)('dead %s: %i deals, and the journal says %s', async (point, deals, state) => {
  const world = await crashed(point);
  await world.advance(1000);
  expect(world.broker.ledger().deals).toHaveLength(deals);
  expect(await fence(world, world.b, 'b', '2')).toMatchObject({ is: 'fenced', boot: 'boot-2' });
  expect(await ask(world, world.b, 's1/1')).toMatchObject({ state, journal: world.terminal().journal });
  sendTo(world.b.session(), 'b', '2', 's1/1');
  await world.advance(20_000);
  // Only what certainly never began may be sent by the same command id.
  expect(world.broker.ledger().deals).toHaveLength(point === 'before_intent' ? 1 : deals);
  expect(journalled(world, 'INTENT')).toEqual(['s1/1']);
});

test('the fence outlives the terminal: a lower epoch is refused after the restart, and no lease is left', async () => {
  const world = await crashed('before_intent');
  expect(world.b.session().state()).toMatchObject({ epoch: '1', holder: 'a', trade: true });
  expect(await fence(world, world.b, 'b', '1')).toEqual({ is: 'refused', epoch: '1', holder: 'a' });
  sendTo(world.a.session(), 'a', '1', 's2/1');
  await world.advance(10);
  expect(told(world.a)).toEqual(['s2/1 no_lease']);
});

test('what the scan finds becomes the RESULT, with the tickets of the broker, and whoever asked again is told', async () => {
  const world = await crashed('after_send', BUY, true);
  world.a.session().lease('1', 'a', 60_000);
  sendTo(world.a.session(), 'a', '1', 's1/1');
  await world.advance(1500);
  expect(await ask(world, world.a, 's1/1')).toMatchObject({ state: 'intent' });
  await world.advance(1000);
  // The lists are filling: what they do not show yet proves nothing.
  expect(await ask(world, world.a, 's1/1')).toMatchObject({ state: 'intent' });
  await world.advance(1500);
  const [deal] = world.broker.ledger().deals;
  expect(await ask(world, world.a, 's1/1')).toMatchObject({
    state: 'result',
    result: {
      retcode: 10009,
      deal: deal?.deal,
      order: deal?.order,
      position: deal?.position,
      volume: '0.1',
      text: 'found by scan',
    },
  });
  expect(told(world.a)).toEqual(['s1/1 10009 replay']);
  expect(journalled(world, 'RESULT')).toEqual(['s1/1']);
});

test('a scan takes a half fill for what it is, and finds a pending order that waits', async () => {
  const world = await createWorld();
  await fence(world, world.a, 'a', '1');
  world.broker.addFault({ kind: 'partial_fill' });
  world.broker.addFault({ kind: 'crash', terminal: 'terminal-1', point: 'after_send' });
  await world.advance(5);
  sendTo(world.a.session(), 'a', '1', 's1/1');
  await world.advance(20);
  await world.restart();
  await world.advance(500);
  expect(await ask(world, world.a, 's1/1')).toMatchObject({
    state: 'result',
    result: { retcode: 10010, volume: '0.05' },
  });
  const limit = {
    do: 'pending',
    symbol: 'EURUSD',
    side: 'buy',
    type: 'limit',
    volume: '1',
    price: '1',
  } as const;
  world.broker.addFault({ kind: 'crash', terminal: 'terminal-1', point: 'after_send' });
  await world.advance(5);
  world.a.session().lease('1', 'a', 60_000);
  sendTo(world.a.session(), 'a', '1', 's2/1', limit);
  await world.advance(20);
  await world.restart();
  await world.advance(500);
  const order = world.broker.ledger().orders.find(({ state }) => state === 'placed')?.order;
  expect(await ask(world, world.a, 's2/1')).toMatchObject({
    state: 'result',
    result: { retcode: 10009, order },
  });
});

test('a stop loss of the same magic is not counted to what the command did', async () => {
  const world = await createWorld();
  world.broker.setPrice('EURUSD', 107_000, 10);
  await fence(world, world.a, 'a', '1');
  world.broker.addFault({ kind: 'crash', terminal: 'terminal-1', point: 'after_send' });
  await world.advance(5);
  sendTo(world.a.session(), 'a', '1', 's1/1', { ...BUY, stopLossPoints: 100 });
  await world.advance(20);
  world.broker.setPrice('EURUSD', 100_000, 10);
  expect(world.broker.ledger().deals.map(({ magic, cause }) => [magic, cause])).toEqual([
    ['1001', 'expert'],
    ['1001', 'sl'],
  ]);
  await world.restart();
  await world.advance(500);
  const found = { retcode: 10009, volume: '0.1', deal: world.broker.ledger().deals[0]?.deal };
  expect(await ask(world, world.a, 's1/1')).toMatchObject({ state: 'result', result: found });
});

test('a journal of another terminal, or a damaged one, is not used', async () => {
  const world = await createWorld();
  await fence(world, world.a, 'a', '1');
  world.terminal().stop();
  await world.advance(10);
  expect(world.a.events.at(-1)).toEqual({ is: 'closed', reason: 'shutdown' });
  await expect(world.restart({ terminal: 'terminal-9' })).rejects.toThrow('the journal is that of');
  world.journal.append(['INTENT cmd=s1/1']);
  await expect(world.restart()).rejects.toThrow('damaged at line 3: do is');
});
