/** What can happen to links: cuts, breaks, dead and frozen processes. */
import { expect, test } from 'vitest';
import { createVirtualNetwork } from './virtual-network.ts';
import type { VirtualProcess } from './virtual-process.ts';
import { createWire, type Wire } from './wire.ts';
import { createWorld, type World } from './world.ts';

const ENDPOINT = { host: '127.0.0.1', port: 7000 };

type Scene = {
  readonly world: World;
  readonly wire: Wire;
  readonly client: VirtualProcess;
  readonly server: VirtualProcess;
  readonly received: string[];
  readonly closed: string[];
  readonly send: (line: string) => boolean;
};

/** A client with an open link to a server that collects lines. */
async function scene(seed = 1): Promise<Scene> {
  const world = createWorld(seed);
  const wire = createWire(world);
  const [client, server] = [world.start('client'), world.start('server')];
  const received: string[] = [];
  const closed: string[] = [];
  await createVirtualNetwork(wire, server).listen(ENDPOINT, (link) =>
    link.onLine((line) => received.push(line)),
  );
  let send: ((line: string) => boolean) | undefined;
  void createVirtualNetwork(wire, client)
    .dial(ENDPOINT, 500)
    .then((outcome) => {
      if (outcome.is === 'failed') throw new Error(outcome.detail);
      outcome.link.onClosed((reason) => closed.push(reason));
      send = outcome.link.send;
    });
  await world.run(100);
  if (send === undefined) throw new Error('the link did not open');
  return { world, wire, client, server, received, closed, send };
}

const dial = async ({ world, wire, client }: Scene): Promise<string> => {
  let said = 'nothing';
  void createVirtualNetwork(wire, client)
    .dial(ENDPOINT, 500)
    .then((outcome) => {
      said = outcome.is === 'failed' ? outcome.why : 'open';
    });
  await world.run(world.now() + 1000);
  return said;
};

test('a cut holds lines back and lets dials time out; healing brings all in order', async () => {
  const on = await scene();
  on.wire.cut('client', 'server');
  for (let i = 0; i < 5; i += 1) on.send(`line ${i}`);
  expect(await dial(on)).toBe('timeout');
  expect(on.received).toEqual([]);
  expect(on.closed).toEqual([]);
  on.wire.heal('client', 'server');
  on.send('after');
  await on.world.run(on.world.now() + 500);
  expect(on.received).toEqual(['line 0', 'line 1', 'line 2', 'line 3', 'line 4', 'after']);
});

test('a cut of one way lets the other way through', async () => {
  const on = await scene();
  on.wire.cut('server', 'client', 'one way');
  on.send('through');
  await on.world.run(on.world.now() + 50);
  expect(on.received).toEqual(['through']);
  expect(await dial(on)).toBe('timeout');
});

test('a broken link is told to both ends and loses only a tail', async () => {
  const lost = new Set<number>();
  for (let seed = 1; seed <= 40; seed += 1) {
    const on = await scene(seed);
    for (let i = 0; i < 5; i += 1) on.send(String(i));
    on.wire.breakBetween('client', 'server');
    await on.world.run(on.world.now() + 100);
    expect(on.closed).toHaveLength(1);
    expect(on.received).toEqual(['0', '1', '2', '3', '4'].slice(0, on.received.length));
    expect(on.send('late')).toBe(false);
    lost.add(5 - on.received.length);
  }
  expect(lost.size).toBeGreaterThan(2);
});

test('a dead process: its links end, a dial is refused; a frozen one accepts and stays silent', async () => {
  const dead = await scene();
  dead.server.crash();
  await dead.world.run(dead.world.now() + 50);
  expect(dead.closed).toHaveLength(1);
  expect(await dial(dead)).toBe('refused');

  const frozen = await scene();
  frozen.server.freeze();
  frozen.send('hello');
  expect(await dial(frozen)).toBe('open');
  expect(frozen.received).toEqual([]);
  frozen.server.resume();
  await frozen.world.run(frozen.world.now() + 10);
  expect(frozen.received).toEqual(['hello']);
});
