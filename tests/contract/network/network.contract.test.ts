/** The port Network: one suite, on the virtual network and on TCP. */
import {
  type DialOutcome,
  type Endpoint,
  type Link,
  LINE_CHARACTERS_MAX,
  type Network,
} from '@holdfast/ha-core';
import { createTcpNetwork } from '@holdfast/process';
import { createVirtualNetwork, createWire, createWorld } from '@holdfast/simulation';
import { afterEach, describe, expect, test } from 'vitest';

type NetworkSide = {
  readonly network: Network;
  readonly drive: <Value>(promise: Promise<Value>) => Promise<Value>;
  /** Lets time pass until the condition holds; fails when it does not within five seconds. */
  readonly until: (holds: () => boolean) => Promise<void>;
  readonly nowMs: () => number;
};

const virtual = (): NetworkSide => {
  const world = createWorld(3);
  const process = world.start('a');
  const until = async (holds: () => boolean): Promise<void> => {
    expect(await world.run(holds, 5000)).toBe(true);
  };
  return {
    network: createVirtualNetwork(createWire(world), process),
    drive: async (promise) => {
      let settled = false;
      promise.then(
        () => (settled = true),
        () => (settled = true),
      );
      await until(() => settled);
      return promise;
    },
    until,
    nowMs: () => world.now(),
  };
};
const real = (): NetworkSide => ({
  network: createTcpNetwork(),
  drive: (promise) => promise,
  until: (holds) => expect.poll(holds, { timeout: 5000, interval: 2 }).toBe(true),
  nowMs: () => performance.now(),
});
const SIDES: readonly (readonly [string, () => NetworkSide])[] = [
  ['virtual', virtual],
  ['TCP', real],
];
const ANY_PORT: Endpoint = { host: '127.0.0.1', port: 0 };

describe.each(SIDES)('Network, %s', (_, create) => {
  const toClose: (() => void)[] = [];
  afterEach(() => {
    for (const close of toClose.splice(0)) close();
  });

  const opened = (outcome: DialOutcome): Link => {
    if (outcome.is === 'failed') throw new Error(outcome.detail);
    toClose.push(outcome.link.close);
    return outcome.link;
  };
  /** Two ends of one link, and the listener. */
  const pair = async (
    side: NetworkSide,
  ): Promise<{ near: Link; far: Link; endpoint: Endpoint; stop: () => void }> => {
    let far: Link | undefined;
    const listener = await side.drive(
      side.network.listen(ANY_PORT, (link) => {
        far = link;
        toClose.push(link.close);
      }),
    );
    toClose.push(listener.close);
    const endpoint = { host: '127.0.0.1', port: listener.port };
    const near = opened(await side.drive(side.network.dial(endpoint, 1000)));
    await side.until(() => far !== undefined);
    if (far === undefined) throw new Error('nobody was accepted');
    return { near, far, endpoint, stop: listener.close };
  };
  const collect = (link: Link): { lines: string[]; reasons: string[] } => {
    const lines: string[] = [];
    const reasons: string[] = [];
    link.onLine((line) => lines.push(line));
    link.onClosed((reason) => reasons.push(reason));
    return { lines, reasons };
  };

  test('lines go both ways, each once and in order', async () => {
    const side = create();
    const { near, far } = await pair(side);
    const [there, back] = [collect(far), collect(near)];
    for (let i = 0; i < 100; i += 1) expect(near.send(`to ${i}`)).toBe(true);
    for (let i = 0; i < 50; i += 1) far.send(`from ${i}`);
    await side.until(() => there.lines.length >= 100 && back.lines.length >= 50);
    expect(there.lines).toEqual(Array.from({ length: 100 }, (_none, i) => `to ${i}`));
    expect(back.lines).toEqual(Array.from({ length: 50 }, (_none, i) => `from ${i}`));
  });

  test('lines that came before the receiver are kept for it', async () => {
    const side = create();
    const { near, far } = await pair(side);
    const back = collect(near);
    near.send('one');
    near.send('two');
    far.send('mark');
    await side.until(() => back.lines.length === 1);
    const there = collect(far);
    expect(there.lines).toEqual([]);
    await side.until(() => there.lines.length === 2);
    expect(there.lines).toEqual(['one', 'two']);
  });

  test('closing tells both ends once, after what was sent before; a closed link sends nothing', async () => {
    const side = create();
    const { near, far } = await pair(side);
    const [there, here] = [collect(far), collect(near)];
    near.send('last words');
    near.close();
    near.close();
    expect(near.send('too late')).toBe(false);
    await side.until(() => there.reasons.length > 0 && here.reasons.length > 0);
    expect(there.lines).toEqual(['last words']);
    expect([there.reasons.length, here.reasons.length]).toEqual([1, 1]);
    expect(far.send('nobody there')).toBe(false);
    const late: string[] = [];
    far.onClosed((reason) => late.push(reason));
    expect(late).toEqual([]);
    await side.until(() => late.length === 1);
  });

  test('where nothing listens a dial is refused', async () => {
    const side = create();
    const { endpoint, stop, near, far } = await pair(side);
    stop();
    const outcome = await side.drive(side.network.dial(endpoint, 1000));
    expect(outcome).toMatchObject({ is: 'failed', why: 'refused' });
    const there = collect(far);
    near.send('the link that was there lives on');
    await side.until(() => there.lines.length === 1);
  });

  test('a taken endpoint is refused with an error that names it', async () => {
    const side = create();
    const { endpoint } = await pair(side);
    const listening = side.network.listen(endpoint, () => undefined);
    await expect(side.drive(listening)).rejects.toThrow(`${endpoint.host}:${endpoint.port}`);
  });

  test('a line of the greatest length passes, a longer one closes the link', async () => {
    const side = create();
    const { near, far } = await pair(side);
    const there = collect(far);
    const longest = 'x'.repeat(LINE_CHARACTERS_MAX);
    expect(near.send(longest)).toBe(true);
    await side.until(() => there.lines.length === 1);
    expect(there.lines[0]).toBe(longest);
    expect(near.send(`${longest}x`)).toBe(false);
    await side.until(() => there.reasons.length === 1);
  });

  test('a line break in a line is a mistake of the caller', async () => {
    const side = create();
    const { near } = await pair(side);
    expect(() => near.send('one\ntwo')).toThrow(/printable ASCII/);
  });
});
