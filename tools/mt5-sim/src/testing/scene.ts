/** A small world for tests: a broker, a terminal with its journal, and an engine's listener, on any Host and Network. */
import {
  type BridgeListener,
  type BridgeSession,
  createBridgeListener,
  type SessionEvent,
} from '@holdfast/bridge';
import type { Endpoint, Host, MarginMode, Network } from '@holdfast/ha-core';
import { type Broker, type BrokerOptions, createBroker } from '../broker/broker.ts';
import type { AccountFacts } from '../broker/ledger.ts';
import type { BrokerLink } from '../link/broker-link.ts';
import { createMemoryJournal, type Journal } from '../terminal/journal.ts';
import { createTerminal, type Terminal, type TerminalOptions } from '../terminal/terminal.ts';

export const SECRET = 'a secret of the tests';

/** An account with plenty of money, unless said otherwise. */
export function testAccount(margin: MarginMode = 'hedging', deposit = '10000000'): AccountFacts {
  const account = `demo-${margin}`;
  return { account, margin, login: '5001', server: 'Holdfast-Demo', leverage: 100, deposit };
}

/** A broker whose prices stand still until they are set. */
export function testBroker(host: Host, options: Partial<BrokerOptions> = {}): Broker {
  const accounts = [testAccount('hedging'), testAccount('netting')];
  return createBroker({ host, seed: 1, tickEveryMs: 0, accounts, ...options });
}

export type EngineSide = {
  readonly listener: BridgeListener;
  readonly session: () => BridgeSession;
  readonly hasSession: () => boolean;
  readonly events: SessionEvent[];
};

/** The engine's side of a terminal: the newest session, and every event of all sessions. */
export async function testEngine(
  host: Host,
  network: Network,
  endpoint: Endpoint,
  name = 'engine-1',
): Promise<EngineSide> {
  let nonces = 0;
  let newest: BridgeSession | undefined;
  const events: SessionEvent[] = [];
  const listener = await createBridgeListener({
    host,
    network,
    endpoint,
    engine: name,
    secretOf: (account) => (account.startsWith('demo-') ? SECRET : undefined),
    onSession: (session) => {
      newest = session;
      session.onEvent((event) => {
        events.push(event);
        if (event.is === 'closed' && newest === session) newest = undefined;
      });
    },
    nonce: () => (nonces += 1).toString(16).padStart(32, '0'),
    silenceMs: 3000,
    blockedMs: 30_000,
    log: () => {},
  });
  return {
    listener,
    events,
    hasSession: () => newest !== undefined,
    session: () => {
      if (newest === undefined) throw new Error('no terminal has called');
      return newest;
    },
  };
}

/** A terminal of the first test account. */
export function testTerminal(
  host: Host,
  network: Network,
  broker: BrokerLink,
  engines: TerminalOptions['engines'],
  options: Partial<TerminalOptions> = {},
): Terminal & { readonly store: Journal } {
  let nonces = 0;
  const store = options.journal ?? createMemoryJournal();
  const terminal = createTerminal({
    host,
    network,
    broker,
    journal: store,
    account: 'demo-hedging',
    terminal: 'terminal-1',
    role: 'primary',
    margin: 'hedging',
    login: '5001',
    server: 'Holdfast-Demo',
    secret: SECRET,
    boot: 'boot-1',
    engines,
    nonce: () => (nonces += 1).toString(16).padStart(32, 'a'),
    log: () => {},
    onDead: () => {},
    ...options,
  });
  return { ...terminal, store };
}
