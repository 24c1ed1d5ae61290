/** The engine's side of a session, against a bridge that is written out line by line. */
import type { Link } from '@holdfast/ha-core';
import { afterEach, expect, test } from 'vitest';
import { type BridgeListener, createBridgeListener } from './listener.ts';
import { type BridgeMessage, type EngineMessage, parseEngineLine, printBridgeMessage } from './messages.ts';
import { bridgeProof, engineProof } from './proof.ts';
import { type BridgeSession, type SessionEvent, SessionLost } from './session.ts';
import { createMemoryNetwork, createVirtualHost } from './testing/index.ts';

const SECRET = 'open sesame';
const ENDPOINT = { host: 'engine', port: 7001 };
const BRIDGE_NONCE = 'b'.repeat(32);
let listener: BridgeListener | undefined;
afterEach(() => listener?.close());

async function engine() {
  const host = createVirtualHost();
  const network = createMemoryNetwork(host, 1);
  const sessions: { session: BridgeSession; events: SessionEvent[] }[] = [];
  let nonces = 0;
  listener = await createBridgeListener({
    host,
    network,
    endpoint: ENDPOINT,
    engine: 'engine-1',
    secretOf: (account) => (account === 'demo' ? SECRET : undefined),
    onSession: (session) => {
      const events: SessionEvent[] = [];
      session.onEvent((event) => events.push(event));
      sessions.push({ session, events });
    },
    nonce: () => (nonces += 1).toString(16).padStart(32, '0'),
    silenceMs: 3000,
    blockedMs: 30_000,
    log: () => {},
  });
  return { host, network, sessions };
}
type World = Awaited<ReturnType<typeof engine>>;

type Scripted = {
  link: Link;
  heard: EngineMessage[];
  say: (message: BridgeMessage) => void;
  closed: () => string;
};

async function call({ host, network }: World): Promise<Scripted> {
  const dialling = network.dial(ENDPOINT, 100);
  await host.advance(5);
  const outcome = await dialling;
  if (outcome.is === 'failed') throw new Error(outcome.detail);
  const heard: EngineMessage[] = [];
  let closed = '';
  outcome.link.onLine((line) => {
    const parsed = parseEngineLine(line);
    if (parsed.is === 'message') heard.push(parsed.message);
  });
  outcome.link.onClosed((reason) => {
    closed = reason;
  });
  await host.advance(5);
  return {
    link: outcome.link,
    heard,
    closed: () => closed,
    say: (message) => void outcome.link.send(printBridgeMessage(message)),
  };
}

function hello(heard: readonly EngineMessage[], changes: object = {}, secret = SECRET): BridgeMessage {
  const challenge = heard.find((message) => message.verb === 'CHALLENGE');
  const facts = {
    account: 'demo',
    terminal: 'terminal-1',
    login: '1',
    server: 'S',
    role: 'primary' as const,
    margin: 'hedging' as const,
    journal: 'j',
    boot: 'b',
    epoch: '4',
    holder: 'engine-9',
    trade: false,
    broker: true,
    tick: 1000,
    nonce: BRIDGE_NONCE,
    ...changes,
  };
  const opening = { ...facts, engineNonce: challenge?.nonce ?? '', bridgeNonce: BRIDGE_NONCE };
  return { verb: 'HELLO', version: 1, ...facts, proof: bridgeProof(secret, opening), ...changes };
}

async function opened(world: World, changes: object = {}) {
  const bridge = await call(world);
  bridge.say(hello(bridge.heard, changes));
  await world.host.advance(5);
  const last = world.sessions.at(-1);
  if (last === undefined) throw new Error(`no session: ${JSON.stringify(bridge.heard)}`);
  return { ...bridge, ...last };
}
const state = (tick: number, busy = false): BridgeMessage => ({
  verb: 'STATE',
  tick,
  broker: true,
  busy,
  epoch: '4',
  holder: 'engine-9',
  trade: false,
});
/** What a promise rejects with; it has its handler at once, as a caller that waits would give it. */
const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );
const order = {
  commandId: 's/1',
  epoch: '4',
  holder: 'engine-1',
  lifeMs: 1000,
  magic: '7',
  comment: 'c',
  command: { do: 'deal', symbol: 'EURUSD', side: 'buy', volume: '1' },
} as const;

test('both ends prove themselves and the session says who called', async () => {
  const world = await engine();
  const { session, heard } = await opened(world);
  expect(session.identity).toMatchObject({
    account: 'demo',
    terminal: 'terminal-1',
    journal: 'j',
    boot: 'b',
  });
  expect(session.state()).toMatchObject({ broker: true, epoch: '4', holder: 'engine-9', trade: false });
  const engineNonce = heard[0]?.verb === 'CHALLENGE' ? heard[0].nonce : '';
  const opening = {
    account: 'demo',
    terminal: 'terminal-1',
    journal: 'j',
    boot: 'b',
    engineNonce,
    bridgeNonce: BRIDGE_NONCE,
  };
  expect(heard[1]).toEqual({ verb: 'WELCOME', proof: engineProof(SECRET, opening) });
  expect(listener?.sessions()).toHaveLength(1);
});

test.each([
  ['bad_proof', {}, 'another secret'],
  ['bad_proof', { proof: '0'.repeat(64) }, SECRET],
  ['unknown_account', { account: 'other' }, SECRET],
  ['version', { version: 2 }, SECRET],
])('a bridge is sent away with %s: %j', async (reason, changes, secret) => {
  const world = await engine();
  const bridge = await call(world);
  bridge.say(hello(bridge.heard, changes, secret));
  await world.host.advance(5);
  expect(bridge.heard.at(-1)).toEqual({ verb: 'BYE', reason });
  expect(world.sessions).toHaveLength(0);
});

test('a proof made for another nonce, journal or terminal is worth nothing', async () => {
  const world = await engine();
  const first = await call(world);
  const stolen = hello(first.heard);
  const second = await call(world);
  second.link.send(printBridgeMessage(stolen));
  await world.host.advance(5);
  expect(second.heard.at(-1)).toEqual({ verb: 'BYE', reason: 'bad_proof' });
  first.link.send(printBridgeMessage({ ...stolen, journal: 'swapped' } as BridgeMessage));
  await world.host.advance(5);
  expect(first.heard.at(-1)).toEqual({ verb: 'BYE', reason: 'bad_proof' });
});

test('an opening that takes longer than 2 s is over, and so is one with a line out of form', async () => {
  const world = await engine();
  const slow = await call(world);
  await world.host.advance(2000);
  expect(slow.heard.at(-1)).toEqual({ verb: 'BYE', reason: 'silent' });
  const odd = await call(world);
  odd.link.send('GET / HTTP/1.1');
  await world.host.advance(5);
  expect(odd.heard.at(-1)).toEqual({ verb: 'BYE', reason: 'bad_line' });
});

test('a newer session of the same terminal replaces the older; another terminal does not', async () => {
  const world = await engine();
  const old = await opened(world);
  await opened(world, { terminal: 'terminal-2' });
  expect(old.events).toEqual([]);
  await opened(world);
  expect(old.events).toEqual([{ is: 'closed', reason: 'replaced' }]);
  expect(old.heard.at(-1)).toEqual({ verb: 'BYE', reason: 'replaced' });
  expect(old.session.send(order)).toBe(false);
  expect(listener?.sessions()).toHaveLength(2);
});

test('silence: 3 s when idle, 30 s while a SEND is unanswered or the bridge said that it is busy', async () => {
  const world = await engine();
  const idle = await opened(world);
  await world.host.advance(2900);
  expect(idle.events).toEqual([]);
  idle.say(state(5000));
  await world.host.advance(2900);
  expect(idle.events).toHaveLength(1);
  await world.host.advance(300);
  expect(idle.events.at(-1)).toEqual({ is: 'closed', reason: 'silent' });

  const blocked = await opened(world);
  expect(blocked.session.send(order)).toBe(true);
  await world.host.advance(29_000);
  expect(blocked.events).toEqual([]);
  await world.host.advance(1500);
  expect(blocked.events).toEqual([{ is: 'closed', reason: 'silent' }]);

  const busy = await opened(world);
  busy.say(state(5000, true));
  await world.host.advance(29_000);
  expect(busy.events).toHaveLength(1);
});

test('I7: what SEND carries is the bridge tick by which the command dies, never later than the life that is left', async () => {
  const world = await engine();
  const { session, heard, say } = await opened(world);
  say(state(50_000));
  await world.host.advance(401);
  session.send(order);
  await world.host.advance(5);
  // 400 ms after the tick of 50,000 arrived there are 1,000 ms left: the bridge's own counter is at 50,400 or later.
  expect(heard.at(-1)).toMatchObject({ verb: 'SEND', until: 51_400 });
});

test('fence, ask and list get their answers; none after the deadline or the end of the session', async () => {
  const world = await engine();
  const { session, heard, say, link } = await opened(world);
  const fencing = session.fence('5', 'engine-1', true, 1000);
  const asking = session.ask('s/1', 1000);
  const listing = session.list('symbols', { deadlineMs: 1000 });
  await world.host.advance(5);
  expect(heard.slice(-3)).toMatchObject([
    { verb: 'FENCE', seq: 1 },
    { verb: 'ASK', seq: 2 },
    { verb: 'LIST', seq: 3 },
  ]);
  say({ verb: 'END', seq: 99, count: 0, synced: true, broker: true });
  say({ verb: 'REFUSED', seq: 1, reason: 'stale_epoch', epoch: '9', holder: 'engine-2' });
  say({ verb: 'ANSWER', seq: 2, commandId: 's/1', state: 'intent', journal: 'j', boot: 'b' });
  const row = {
    symbol: 'EURUSD',
    digits: '5',
    volume_min: '0.01',
    volume_max: '1',
    volume_step: '0.01',
    stops_level: '1',
    trade_mode: 'full',
  };
  say({ verb: 'ROW', seq: 3, row });
  say({ verb: 'END', seq: 3, count: 1, synced: false, broker: true });
  await world.host.advance(5);
  expect(await fencing).toEqual({ is: 'refused', epoch: '9', holder: 'engine-2' });
  expect(session.state()).toMatchObject({ epoch: '9', holder: 'engine-2' });
  expect(await asking).toEqual({ state: 'intent', journal: 'j', boot: 'b' });
  expect(await listing).toMatchObject({ synced: false, broker: true, rows: [{ volumeMin: '0.01' }] });

  const late = failureOf(session.ask('s/1', 100));
  const cut = failureOf(session.ask('s/2', 10_000));
  await world.host.advance(200);
  link.close();
  await world.host.advance(5);
  expect(await late).toBeInstanceOf(SessionLost);
  expect(String(await cut)).toContain('closed');
  await expect(session.ask('s/3', 10_000)).rejects.toThrow(SessionLost);
});

test('a list whose rows do not add up, or a line out of form, ends the session', async () => {
  const world = await engine();
  const short = await opened(world);
  const listing = failureOf(short.session.list('deals', { deadlineMs: 1000 }));
  await world.host.advance(5);
  short.say({ verb: 'END', seq: 1, count: 3, synced: true, broker: true });
  await world.host.advance(5);
  expect(await listing).toBeInstanceOf(SessionLost);
  expect(short.events).toEqual([{ is: 'closed', reason: 'bad_line' }]);
  const odd = await opened(world);
  odd.link.send('STATE tick=now');
  await world.host.advance(5);
  expect(odd.events).toEqual([{ is: 'closed', reason: 'bad_line' }]);
  expect(odd.heard.at(-1)).toEqual({ verb: 'BYE', reason: 'bad_line' });
});

test('results and refusals come as events, and a lost link is told once', async () => {
  const world = await engine();
  const { session, say, events } = await opened(world);
  session.send(order);
  const result = {
    commandId: 's/1',
    retcode: 10009,
    order: '1',
    deal: '2',
    position: '1',
    volume: '1',
    price: '1',
    text: '',
    at: 5,
  };
  say({ verb: 'RESULT', ...result, replay: true });
  say({ verb: 'REFUSED', seq: 2, commandId: 's/2', reason: 'expired', epoch: '4', holder: 'engine-1' });
  say({ verb: 'EVENT', what: 'deal', row: {} });
  await world.host.advance(5);
  world.network.cut(ENDPOINT.port);
  await world.host.advance(5);
  expect(events).toEqual([
    { is: 'result', result, replay: true },
    { is: 'refused', refusal: { commandId: 's/2', reason: 'expired', epoch: '4', holder: 'engine-1' } },
    { is: 'changed', what: 'deal' },
    { is: 'closed', reason: 'cut' },
  ]);
});
