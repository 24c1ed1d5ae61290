/** The rules that the bridge keeps, one after the other (docs/bridge-protocol.md). */
import { expect, test } from 'vitest';
import { ask, BUY, createWorld, fence, journalled, sendTo, told, type World } from '../testing/world.ts';

const deals = (world: World): number => world.broker.ledger().deals.length;

test('rule 1, I3: a lower epoch, and another holder of the same epoch, are refused with what the journal holds', async () => {
  const world = await createWorld();
  expect(await fence(world, world.a, 'a', '5')).toMatchObject({ is: 'fenced' });
  expect(await fence(world, world.b, 'b', '4')).toEqual({ is: 'refused', epoch: '5', holder: 'a' });
  expect(await fence(world, world.b, 'b', '5')).toEqual({ is: 'refused', epoch: '5', holder: 'a' });
  sendTo(world.b.session(), 'b', '5', 's1/1');
  sendTo(world.b.session(), 'b', '4', 's2/1');
  await world.advance(10);
  expect(told(world.b)).toEqual(['s1/1 stale_epoch', 's2/1 stale_epoch']);
  expect([deals(world), journalled(world, 'REFUSED')]).toEqual([0, []]);
  expect(await fence(world, world.b, 'b', '10')).toMatchObject({ is: 'fenced' });
  expect(world.a.session().state().epoch).toBe('5');
  sendTo(world.a.session(), 'a', '5', 's3/1');
  await world.advance(300);
  expect(told(world.a)).toEqual(['s3/1 stale_epoch']);
  expect(world.a.session().state()).toMatchObject({ epoch: '10', holder: 'b' });
});

test('a stale refusal leaves the command id to the holder of the epoch', async () => {
  const world = await createWorld();
  await fence(world, world.a, 'a', '1');
  await fence(world, world.b, 'b', '2');
  sendTo(world.a.session(), 'a', '1', 's1/1');
  await world.advance(5);
  expect(await ask(world, world.b, 's1/1')).toMatchObject({ state: 'never' });
  sendTo(world.b.session(), 'b', '2', 's1/1');
  await world.advance(10);
  expect([told(world.a), told(world.b)]).toEqual([['s1/1 stale_epoch'], ['s1/1 10009']]);
});

test('rule 2: without the trading role nothing is done; opens need a live lease, the rest does not', async () => {
  const world = await createWorld();
  sendTo(world.a.session(), 'a', '1', 's1/1');
  await world.advance(10);
  await fence(world, world.a, 'a', '1', false);
  sendTo(world.a.session(), 'a', '1', 's2/1');
  await world.advance(10);
  await fence(world, world.a, 'a', '1', true);
  sendTo(world.a.session(), 'a', '1', 's3/1');
  await world.advance(10);
  expect(told(world.a)).toEqual(['s1/1 no_role', 's2/1 no_role', 's3/1 10009']);
  const [position] = world.broker.ledger().positions;
  await world.advance(5000);
  sendTo(world.a.session(), 'a', '1', 's4/1');
  const close = {
    do: 'close',
    symbol: 'EURUSD',
    side: 'buy',
    position: position?.position ?? '',
    volume: '0.1',
  } as const;
  sendTo(world.a.session(), 'a', '1', 's5/1', close);
  world.a.session().lease('1', 'b', 5000);
  world.a.session().lease('2', 'a', 5000);
  sendTo(world.a.session(), 'a', '1', 's6/1');
  world.a.session().lease('1', 'a', 5000);
  sendTo(world.a.session(), 'a', '1', 's7/1');
  await world.advance(10);
  expect(told(world.a).slice(3)).toEqual(['s4/1 no_lease', 's5/1 10009', 's6/1 no_lease', 's7/1 10009']);
});

test('rule 3: one command at a time, in order, INTENT before and RESULT after; 64 may wait', async () => {
  const world = await createWorld({ latencyMs: 100 });
  await fence(world, world.a, 'a', '1');
  for (let at = 0; at < 70; at += 1) sendTo(world.a.session(), 'a', '1', `s${at}/1`, BUY, { lifeMs: 60_000 });
  await world.advance(40);
  expect(journalled(world, 'INTENT')).toEqual(['s0/1']);
  expect(deals(world)).toBe(0);
  await world.advance(25);
  expect([deals(world), journalled(world, 'RESULT')]).toEqual([1, []]);
  world.a.session().lease('1', 'a', 60_000);
  await world.advance(7000);
  const refused = told(world.a).filter((line) => line.endsWith('queue_full'));
  expect(refused).toEqual(['s65/1', 's66/1', 's67/1', 's68/1', 's69/1'].map((id) => `${id} queue_full`));
  expect(told(world.a).filter((line) => line.endsWith('10009'))).toEqual(
    Array.from({ length: 65 }, (_, at) => `s${at}/1 10009`),
  );
  const kinds = world.journal
    .lines()
    .flatMap((line) => (/^(INTENT|RESULT) cmd=(\S+)/.exec(line) ?? []).slice(1, 3));
  for (let at = 0; at < kinds.length; at += 4) {
    expect(kinds.slice(at, at + 4)).toEqual(['INTENT', kinds[at + 1], 'RESULT', kinds[at + 1]]);
  }
});

test('rule 3, I7: a command whose life ends in the queue, or in a buffer while OrderSend blocks, is never sent', async () => {
  const world = await createWorld({ latencyMs: 1000 });
  await fence(world, world.a, 'a', '1');
  sendTo(world.a.session(), 'a', '1', 's1/1');
  sendTo(world.a.session(), 'a', '1', 's2/1', BUY, { lifeMs: 900 });
  await world.advance(50);
  sendTo(world.a.session(), 'a', '1', 's3/1', BUY, { lifeMs: 500 });
  await world.advance(1500);
  expect(told(world.a).toSorted()).toEqual(['s1/1 10009', 's2/1 expired', 's3/1 expired']);
  expect(deals(world)).toBe(1);
  expect([journalled(world, 'INTENT'), journalled(world, 'REFUSED').toSorted()]).toEqual([
    ['s1/1'],
    ['s2/1', 's3/1'],
  ]);
});

test('rule 3, I7: the last look is right before OrderSend, for what was taken in time and then waited', async () => {
  const world = await createWorld({ latencyMs: 6000 }, { timerFloorMs: 16 });
  await fence(world, world.a, 'a', '1');
  await world.advance(30);
  // All three are read before the first is begun.
  sendTo(world.a.session(), 'a', '1', 's1/1');
  sendTo(world.a.session(), 'a', '1', 's2/1', BUY, { lifeMs: 5000 });
  sendTo(world.a.session(), 'a', '1', 's3/1', BUY, { lifeMs: 60_000 });
  await world.advance(6200);
  expect(told(world.a)).toEqual(['s1/1 10009', 's2/1 expired', 's3/1 no_lease']);
  expect(journalled(world, 'INTENT')).toEqual(['s1/1']);
});

test('rule 4, I2: a known command id is answered from the journal, whoever sends it and whatever it carries', async () => {
  const world = await createWorld({ latencyMs: 100 });
  await fence(world, world.a, 'a', '1');
  sendTo(world.a.session(), 'a', '1', 's1/1');
  await world.advance(20);
  sendTo(world.a.session(), 'a', '1', 's1/1');
  sendTo(world.b.session(), 'b', '9', 's1/1');
  await world.advance(200);
  sendTo(world.a.session(), 'a', '1', 's1/1', { ...BUY, volume: '5' });
  await world.advance(20);
  expect([deals(world), told(world.a), told(world.b)]).toEqual([
    1,
    ['s1/1 10009', 's1/1 10009 replay', 's1/1 10009 replay'],
    ['s1/1 10009 replay'],
  ]);
  sendTo(world.a.session(), 'a', '1', 's2/1', BUY, { lifeMs: 0 });
  sendTo(world.a.session(), 'a', '1', 's2/1');
  await world.advance(200);
  expect(told(world.a).slice(3)).toEqual(['s2/1 expired', 's2/1 expired']);
  expect(deals(world)).toBe(1);
});

test('rule 6, I7: a close takes no more than remains, and 10036 when the position is gone or turned', async () => {
  const world = await createWorld();
  await fence(world, world.a, 'a', '1');
  sendTo(world.a.session(), 'a', '1', 's1/1');
  await world.advance(10);
  const position = world.broker.ledger().positions[0]?.position ?? '';
  const close = { do: 'close', symbol: 'EURUSD', position, side: 'buy', volume: '7' } as const;
  sendTo(world.a.session(), 'a', '1', 's2/1', { ...close, side: 'sell' });
  sendTo(world.a.session(), 'a', '1', 's3/1', close);
  sendTo(world.a.session(), 'a', '1', 's4/1', close);
  await world.advance(20);
  expect(told(world.a).slice(1)).toEqual(['s2/1 10036', 's3/1 10009', 's4/1 10036']);
  expect(world.broker.ledger().positions).toEqual([]);
  expect(world.broker.ledger().deals.map(({ volume }) => volume)).toEqual(['0.1', '0.1']);
  expect(journalled(world, 'INTENT')).toEqual(['s1/1', 's3/1']);
});

test('rule 6: a position is found by its identifier, whatever its ticket; 10023 when that changed on the way', async () => {
  const world = await createWorld({ latencyMs: 100 });
  await fence(world, world.a, 'a', '1');
  for (const id of ['s1/1', 's2/1']) sendTo(world.a.session(), 'a', '1', id);
  await world.advance(300);
  const held = world.broker.ledger().positions.map(({ position }) => position);
  const [first = '', second = ''] = held;
  const changeTickets = (): void => {
    for (const position of held)
      world.broker.addFault({ kind: 'ticket_changed', account: 'demo-hedging', position });
  };
  changeTickets();
  const stops = { do: 'modify_position', symbol: 'EURUSD', position: first, takeProfit: '2' } as const;
  sendTo(world.a.session(), 'a', '1', 's3/1', stops);
  await world.advance(150);
  const close = { do: 'close', symbol: 'EURUSD', position: first, side: 'buy', volume: '0.1' } as const;
  sendTo(world.a.session(), 'a', '1', 's4/1', close);
  await world.advance(20);
  changeTickets();
  await world.advance(100);
  expect(told(world.a).slice(2)).toEqual(['s3/1 10009', 's4/1 10023']);
  expect(world.broker.ledger().positions).toMatchObject([{ position: first, takeProfit: '2' }, {}]);
  sendTo(world.a.session(), 'a', '1', 's4/2', close);
  sendTo(world.a.session(), 'a', '1', 's5/1', close);
  await world.advance(300);
  expect(told(world.a).slice(4)).toEqual(['s4/2 10009', 's5/1 10036']);
  expect(world.broker.ledger().positions).toMatchObject([{ position: second }]);
});

test('rule 7: logged in as anybody else, it sends and lists nothing, and opens its sessions anew to say so', async () => {
  const world = await createWorld({}, { timerFloorMs: 50 });
  await fence(world, world.a, 'a', '1');
  sendTo(world.a.session(), 'a', '1', 's1/1');
  await world.advance(60);
  const session = world.a.session();
  world.broker.addFault({ kind: 'relogin', terminal: 'terminal-1', login: '9001', forMs: 3000 });
  sendTo(session, 'a', '1', 's2/1');
  const lists = session.list('positions', { deadlineMs: 1000 }).catch((error: unknown) => String(error));
  await world.advance(200);
  expect(told(world.a).filter((line) => line.startsWith('s2'))).not.toContain('s2/1 10009');
  expect(journalled(world, 'INTENT')).toEqual(['s1/1']);
  expect(await lists).not.toMatchObject({ synced: true });
  await world.host.until(() => world.a.hasSession(), 'a session of the other login');
  expect(world.a.session().identity.login).toBe('9001');
  await world.advance(3000);
  await world.host.until(() => world.a.hasSession(), 'a session of the own login');
  expect(world.a.session().identity.login).toBe('5001');
  expect(world.a.events).toContainEqual({ is: 'closed', reason: 'login' });
});

test('a command out of form, or while the broker is away, is refused and never sent', async () => {
  const world = await createWorld();
  await fence(world, world.a, 'a', '1');
  sendTo(world.a.session(), 'a', '1', 's1/1', { do: 'explode' } as never);
  world.broker.addFault({ kind: 'broker_down', forMs: 1000 });
  sendTo(world.a.session(), 'a', '1', 's2/1');
  await world.advance(10);
  expect(told(world.a)).toEqual(['s1/1 bad_command', 's2/1 no_broker']);
  expect(world.a.session().state().broker).toBe(false);
  await world.advance(1000);
  expect(world.a.session().state().broker).toBe(true);
});

test('distances become prices right before sending; modify, move and cancel reach what they name', async () => {
  const world = await createWorld();
  world.broker.setPrice('EURUSD', 107_000, 10);
  await fence(world, world.a, 'a', '1');
  const send = (id: string, command: Parameters<typeof sendTo>[4]) =>
    sendTo(world.a.session(), 'a', '1', id, command);
  send('s1/1', { ...BUY, stopLossPoints: 100, takeProfitPoints: 200 });
  send('s2/1', {
    do: 'pending',
    symbol: 'EURUSD',
    side: 'sell',
    type: 'limit',
    volume: '1',
    price: '1.08',
    stopLossPoints: 50,
  });
  await world.advance(20);
  const { positions, orders } = world.broker.ledger();
  expect(positions).toMatchObject([{ price: '1.0701', stopLoss: '1.0691', takeProfit: '1.0721' }]);
  const order = orders.find(({ state }) => state === 'placed')?.order ?? '';
  expect(orders.at(-1)).toMatchObject({ stopLoss: '1.0805', takeProfit: '0' });
  send('s3/1', {
    do: 'modify_position',
    symbol: 'EURUSD',
    position: positions[0]?.position ?? '',
    takeProfit: '0',
  });
  send('s4/1', { do: 'modify_order', symbol: 'EURUSD', order, price: '1.075' });
  await world.advance(20);
  expect(world.broker.ledger().positions).toMatchObject([{ stopLoss: '1.0691', takeProfit: '0' }]);
  send('s5/1', { do: 'cancel', symbol: 'EURUSD', order });
  send('s6/1', { do: 'cancel', symbol: 'EURUSD', order });
  send('s7/1', { do: 'modify_order', symbol: 'EURUSD', order, price: '1.1' });
  await world.advance(20);
  expect(world.broker.ledger().orders.at(-1)).toMatchObject({
    order,
    state: 'cancelled',
    price: '1.075',
    stopLoss: '1.0805',
  });
  expect(told(world.a).slice(2)).toEqual([
    's3/1 10009',
    's4/1 10009',
    's5/1 10009',
    's6/1 10035',
    's7/1 10035',
  ]);
});
