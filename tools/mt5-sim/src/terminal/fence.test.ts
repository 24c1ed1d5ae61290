/** Fences that meet commands: who wins, and what is known afterwards (I3, I5). */
import { expect, test } from 'vitest';
import { ask, createWorld, fence, journalled, sendTo, told } from '../testing/world.ts';

test('a fence waits for the command under way, empties the queue, and what was queued can never be sent', async () => {
  const world = await createWorld({ latencyMs: 1000 });
  await fence(world, world.a, 'a', '1');
  for (const id of ['s1/1', 's2/1', 's3/1']) sendTo(world.a.session(), 'a', '1', id);
  await world.advance(100);
  let fenced = false;
  void world.b
    .session()
    .fence('2', 'b', true, 5000)
    .then(() => {
      fenced = true;
    });
  await world.advance(500);
  expect(fenced).toBe(false);
  await world.advance(500);
  expect(fenced).toBe(true);
  expect(told(world.a).sort()).toEqual(['s1/1 10009', 's2/1 fenced', 's3/1 fenced']);
  expect(await ask(world, world.b, 's1/1')).toMatchObject({ state: 'result', result: { retcode: 10009 } });
  expect(await ask(world, world.b, 's2/1')).toMatchObject({ state: 'refused', reason: 'fenced' });
  expect(await ask(world, world.b, 's9/1')).toMatchObject({ state: 'never', boot: 'boot-1' });
  await world.advance(5000);
  expect(journalled(world, 'INTENT')).toEqual(['s1/1']);
  expect(world.broker.ledger().deals).toHaveLength(1);
});

test('a fence that arrived while OrderSend blocked is taken before the next command is begun', async () => {
  const world = await createWorld({ latencyMs: 1000 });
  await fence(world, world.a, 'a', '1');
  sendTo(world.a.session(), 'a', '1', 's1/1');
  await world.advance(100);
  const fencing = world.b.session().fence('2', 'b', true, 5000);
  await world.advance(10);
  sendTo(world.a.session(), 'a', '1', 's2/1');
  await world.advance(1500);
  expect(await fencing).toMatchObject({ is: 'fenced' });
  expect(told(world.a)).toEqual(['s1/1 10009', 's2/1 stale_epoch']);
});

test('a command that waits is no "never": it may still be sent', async () => {
  const world = await createWorld({}, { timerFloorMs: 16 });
  await fence(world, world.a, 'a', '1');
  await world.advance(40);
  sendTo(world.a.session(), 'a', '1', 's1/1');
  sendTo(world.a.session(), 'a', '1', 's2/1');
  const asking = world.a.session().ask('s2/1', 1000);
  await world.advance(50);
  expect(await asking).toMatchObject({ state: 'intent' });
  expect(told(world.a)).toEqual(['s1/1 10009', 's2/1 10009']);
});

test('the same holder may change the role within its epoch; a fence without the role ends the lease', async () => {
  const world = await createWorld();
  await fence(world, world.a, 'a', '1', true);
  await fence(world, world.a, 'a', '1', false);
  sendTo(world.a.session(), 'a', '1', 's1/1');
  await world.advance(10);
  await fence(world, world.a, 'a', '1', true);
  await fence(world, world.a, 'a', '1', true);
  sendTo(world.a.session(), 'a', '1', 's2/1');
  await world.advance(10);
  expect(told(world.a)).toEqual(['s1/1 no_role', 's2/1 10009']);
  expect(world.journal.lines().filter((line) => line.startsWith('FENCE'))).toHaveLength(3);
});

test('while OrderSend blocks nothing is read or said, and every engine was told before', async () => {
  const world = await createWorld({ latencyMs: 5000 });
  await fence(world, world.a, 'a', '1');
  sendTo(world.a.session(), 'a', '1', 's1/1');
  await world.advance(10);
  expect([world.a.session().state().busy, world.b.session().state().busy]).toEqual([true, true]);
  const heard = world.b.session().state().heardAtMs;
  await world.advance(4900);
  expect(world.b.session().state().heardAtMs).toBe(heard);
  expect([world.a.hasSession(), world.b.hasSession()]).toEqual([true, true]);
  await world.advance(400);
  expect(told(world.a)).toEqual(['s1/1 10009']);
  expect(world.b.session().state()).toMatchObject({ busy: false, trade: true });
});

test('links that go down come back by themselves; results that got lost are known to whoever asks', async () => {
  const world = await createWorld({ latencyMs: 200 });
  await fence(world, world.a, 'a', '1');
  sendTo(world.a.session(), 'a', '1', 's1/1');
  await world.advance(50);
  world.broker.addFault({ kind: 'links_down', terminal: 'terminal-1', forMs: 3000, engine: 'a' });
  await world.advance(500);
  expect([world.a.hasSession(), world.b.hasSession()]).toEqual([false, true]);
  await world.advance(3000);
  expect(world.a.hasSession()).toBe(true);
  expect(told(world.a)).toEqual([]);
  expect(await ask(world, world.a, 's1/1')).toMatchObject({ state: 'result' });
  world.network.cut(7001);
  await world.host.until(() => !world.a.hasSession(), 'the link is gone');
  await world.host.until(() => world.a.hasSession(), 'the link is back', 1000);
});
