/**
 * What the bridge contract needs of a side, and the simulated one: the terminal in a world of virtual time, with a journal in
 * memory. Both sides call the listener of libs/bridge and trade at the same broker; the real one is terminal-process.ts.
 */
import { type BridgeSession, createBridgeListener, type SessionEvent } from '@holdfast/bridge';
import type { Host, Network } from '@holdfast/ha-core';
import {
  type Broker,
  createBroker,
  createMemoryJournal,
  createTerminal,
  type Terminal,
} from '@holdfast/mt5-sim';
import { createVirtualNetwork, createWire, createWorld, type VirtualProcess } from '@holdfast/simulation';
import { expect } from 'vitest';

export type BridgeSide = {
  readonly broker: Broker;
  readonly hasSession: () => boolean;
  readonly session: () => BridgeSession;
  /** Every event of all sessions. */
  readonly events: readonly SessionEvent[];
  /** Reasons for which the listener turned somebody away. */
  readonly refused: readonly string[];
  /** Lets time pass until the promise settles. */
  readonly drive: <Value>(promise: Promise<Value>) => Promise<Value>;
  /** Lets time pass until the condition holds; fails when it does not within ten seconds. */
  readonly until: (holds: () => boolean) => Promise<void>;
  /** The terminal: its process ends as by kill -9, starts on the journal that it had, is stopped and goes on. */
  readonly kill: () => Promise<void>;
  readonly start: () => void;
  readonly freeze: () => void;
  readonly resume: () => void;
  readonly isDead: () => boolean;
  readonly end: () => Promise<void>;
};

export const ACCOUNT = 'demo-hedging';
export const SECRET = 'a secret of the tests';
export const LOOPBACK = '127.0.0.1';
/** Short, so that a silent terminal is seen soon; it says how it is four times a second. */
const SILENCE_MS = 900;
export const WITHIN_MS = 10_000;

type Engine = Pick<BridgeSide, 'events' | 'refused' | 'hasSession' | 'session'> & {
  readonly port: number;
  readonly close: () => void;
};

/** The engine's side of a terminal: the newest session, and every event of all sessions. */
export async function engineSide(
  host: Host,
  network: Network,
  port: number,
  secret: string,
): Promise<Engine> {
  const events: SessionEvent[] = [];
  const refused: string[] = [];
  let newest: BridgeSession | undefined;
  let nonces = 0;
  const listener = await createBridgeListener({
    host,
    network,
    endpoint: { host: LOOPBACK, port },
    engine: 'engine-1',
    secretOf: (account) => (account === ACCOUNT ? secret : undefined),
    onSession: (session) => {
      newest = session;
      session.onEvent((event) => {
        events.push(event);
        if (event.is === 'closed' && newest === session) newest = undefined;
      });
    },
    nonce: () => (nonces += 1).toString(16).padStart(32, '0'),
    silenceMs: SILENCE_MS,
    blockedMs: 30_000,
    log: (event, { reason }) => {
      if (event === 'bridge_refused') refused.push(String(reason));
    },
  });
  return {
    port: listener.port,
    close: listener.close,
    events,
    refused,
    hasSession: () => newest !== undefined,
    session: () => {
      if (newest === undefined) throw new Error('no terminal has a session');
      return newest;
    },
  };
}

/** A broker whose prices stand still. */
export const brokerOn = (host: Host): Broker =>
  createBroker({
    host,
    seed: 1,
    tickEveryMs: 0,
    accounts: [
      {
        account: ACCOUNT,
        margin: 'hedging',
        login: '500001',
        server: 'Holdfast-Demo',
        leverage: 100,
        deposit: '10000000',
      },
    ],
  });

/** `engineSecret`: what the engine takes for the account's secret, where it is another one. */
export async function simulatedSide(engineSecret = SECRET): Promise<BridgeSide> {
  const world = createWorld(11);
  const wire = createWire(world);
  const engineProcess = world.start('engine-1');
  const broker = brokerOn(world.start('broker').host);
  const engine = await engineSide(
    engineProcess.host,
    createVirtualNetwork(wire, engineProcess),
    7100,
    engineSecret,
  );
  const journal = createMemoryJournal();
  let process: VirtualProcess;
  let terminal: Terminal;
  const crash = (): void => {
    process.crash();
    terminal.crash();
  };
  const start = (): void => {
    process = world.start('terminal-1');
    const { host } = process;
    terminal = createTerminal({
      host,
      network: createVirtualNetwork(wire, process),
      broker: broker.attach(ACCOUNT, 'terminal-1'),
      journal,
      account: ACCOUNT,
      terminal: 'terminal-1',
      role: 'primary',
      margin: 'hedging',
      login: '500001',
      server: 'Holdfast-Demo',
      secret: SECRET,
      boot: 'boot-1',
      engines: [{ name: 'engine-1', endpoint: { host: LOOPBACK, port: engine.port } }],
      nonce: () => Array.from({ length: 32 }, () => Math.floor(host.random() * 16).toString(16)).join(''),
      log: () => {},
      onDead: crash,
    });
  };
  const until = async (holds: () => boolean): Promise<void> => {
    expect(await world.run(holds, WITHIN_MS)).toBe(true);
  };
  start();
  return {
    ...engine,
    broker,
    until,
    drive: async (promise) => {
      let settled = false;
      const over = (): void => {
        settled = true;
      };
      promise.then(over, over);
      await until(() => settled);
      return promise;
    },
    kill: () => {
      crash();
      return Promise.resolve();
    },
    start,
    freeze: () => process.freeze(),
    resume: () => process.resume(),
    isDead: () => process.state() === 'dead',
    end: () => Promise.resolve(broker.stop()),
  };
}
