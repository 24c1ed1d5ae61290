/** A broker, a terminal and two engines on virtual time, and the words in which the tests of the bridge's rules speak. */
import type { BridgeSession, SessionEvent, TradeCommand } from '@holdfast/bridge';
import {
  createMemoryNetwork,
  createVirtualHost,
  type MemoryNetwork,
  type VirtualHost,
} from '@holdfast/bridge/testing';
import type { BrokerCommand } from '@holdfast/ha-core';
import type { Broker, BrokerOptions } from '../broker/broker.ts';
import { createMemoryJournal, type Journal } from '../terminal/journal.ts';
import type { Terminal, TerminalOptions } from '../terminal/terminal.ts';
import { type EngineSide, testBroker, testEngine, testTerminal } from './scene.ts';

export type World = {
  readonly host: VirtualHost;
  readonly network: MemoryNetwork;
  readonly broker: Broker;
  readonly a: EngineSide;
  readonly b: EngineSide;
  readonly journal: Journal;
  readonly terminal: () => Terminal;
  /** Errors with which terminals died. */
  readonly deaths: unknown[];
  /** Starts the terminal again on the same journal, and waits for its sessions. */
  readonly restart: (options?: Partial<TerminalOptions>) => Promise<void>;
  readonly advance: (forMs: number) => Promise<void>;
};

export const BUY: Extract<BrokerCommand, { do: 'deal' }> = {
  do: 'deal',
  symbol: 'EURUSD',
  side: 'buy',
  volume: '0.1',
};

/** Both engines have a session; nothing is fenced yet. */
export async function createWorld(
  brokerOptions: Partial<BrokerOptions> = {},
  terminalOptions: Partial<TerminalOptions> = {},
): Promise<World> {
  const host = createVirtualHost();
  const network = createMemoryNetwork(host, 1);
  const broker = testBroker(host, brokerOptions);
  const a = await testEngine(host, network, { host: 'a', port: 7001 }, 'a');
  const b = await testEngine(host, network, { host: 'b', port: 7002 }, 'b');
  const journal = terminalOptions.journal ?? createMemoryJournal();
  const deaths: unknown[] = [];
  let terminal: Terminal;
  const start = async (options: Partial<TerminalOptions>): Promise<void> => {
    terminal = testTerminal(
      host,
      network,
      broker.attach('demo-hedging', 'terminal-1'),
      [
        { name: 'a', endpoint: { host: 'a', port: 7001 } },
        { name: 'b', endpoint: { host: 'b', port: 7002 } },
      ],
      { ...terminalOptions, ...options, journal, onDead: (error) => deaths.push(error) },
    );
    await host.until(() => a.hasSession() && b.hasSession(), 'both engines have a session');
  };
  await start({});
  return {
    host,
    network,
    broker,
    a,
    b,
    journal,
    deaths,
    terminal: () => terminal,
    restart: (options = {}) => start(options),
    advance: host.advance,
  };
}

/** Sends a command with an epoch and the signal's own magic; ten seconds of life unless said otherwise. */
export function sendTo(
  session: BridgeSession,
  holder: string,
  epoch: string,
  commandId: string,
  command: BrokerCommand = BUY,
  changes: Partial<TradeCommand> = {},
): void {
  const magic = String(1000 + Number(/\d+/.exec(commandId)?.[0] ?? 0));
  session.send({ commandId, epoch, holder, lifeMs: 10_000, magic, comment: 'hf', command, ...changes });
}

/** Fences and waits for the outcome. */
export async function fence(
  world: World,
  side: EngineSide,
  holder: string,
  epoch: string,
  trade = true,
): Promise<unknown> {
  return answered(world, side.session().fence(epoch, holder, trade, 5000));
}

/** Lets virtual time go on until the answer is there. */
async function answered<T>(world: World, asking: Promise<T>): Promise<T> {
  let isThere = false;
  const there = (): void => {
    isThere = true;
  };
  asking.then(there, there);
  await world.host.until(() => isThere, 'an answer');
  return asking;
}

/** What an engine was told of commands, in order: `id retcode`, `id retcode replay`, `id reason`. */
export function told(side: EngineSide): string[] {
  return side.events.flatMap((event: SessionEvent) => {
    if (event.is === 'result')
      return [`${event.result.commandId} ${event.result.retcode}${event.replay ? ' replay' : ''}`];
    return event.is === 'refused' ? [`${event.refusal.commandId} ${event.refusal.reason}`] : [];
  });
}

/** The journal's lines of a kind, by command id. */
export function journalled(world: World, verb: string): string[] {
  return world.journal
    .lines()
    .filter((line) => line.startsWith(`${verb} `))
    .map((line) => /cmd=(\S+)/.exec(line)?.[1] ?? line);
}

/** Asks for the state of a command. */
export async function ask(world: World, side: EngineSide, commandId: string): Promise<unknown> {
  return answered(world, side.session().ask(commandId, 1000));
}
