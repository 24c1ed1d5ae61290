/**
 * The whole system on virtual time: Redis with its Sentinels and wardens, a broker, terminals, engines; every loop of the product
 * unchanged. What a checker needs to see (journal lines, orders that reach the broker) is told to `watch`.
 */
import { createHmac } from 'node:crypto';
import { createEngine, type Engine } from '@holdfast/engine';
import { type Endpoint, type Host, type MarginMode, profile } from '@holdfast/ha-core';
import {
  type Broker,
  type BrokerLink,
  createBroker,
  createMemoryJournal,
  createTerminal,
  type Journal,
  type Terminal,
  type TradeRequest,
} from '@holdfast/mt5-sim';
import {
  createVirtualNetwork,
  createWire,
  createWorld,
  type RedisCluster,
  type VirtualProcess,
  type Wire,
  type World,
} from '@holdfast/simulation';
import { startBareMachines } from '../redis/bare-machines.ts';
import { type Machines, type NodeData, startMachines } from '../redis/machines.ts';
import { untilWhole } from '../redis/wholeness.ts';

export type SystemWatch = {
  /** A Redis node becomes a primary. */
  readonly onPrimary: (name: string, data: NodeData) => void;
  /** A line that a terminal's journal has made durable. */
  readonly onJournalLine: (terminal: string, line: string) => void;
  /** A request that a terminal gives to the broker, and as whom it is logged in there. */
  readonly onOrderSend: (terminal: string, request: TradeRequest, login: string) => void;
};

export type SystemOptions = {
  readonly seed: number;
  readonly trace?: boolean;
  readonly terminals?: number;
  readonly brokerLatencyMs?: number;
  /** What the broker's clock is ahead of everybody's; below 0 it is behind. */
  readonly brokerAheadMs?: number;
  /** `hedging` unless told otherwise. */
  readonly margin?: MarginMode;
  /**
   * `first`: engines and terminals start once Redis has its set, and need not look for it. `bare`: its nodes alone are there, with
   * a set; nothing may happen to them. `together`, as where nothing is said: all starts at once.
   */
  readonly redis?: 'first' | 'bare' | 'together';
};

export type System = {
  readonly world: World;
  readonly wire: Wire;
  readonly machines: Machines;
  readonly redis: RedisCluster;
  readonly broker: Broker;
  /** Processes by name; a name comes again with its next process after a restart. */
  readonly process: (name: string) => VirtualProcess;
  readonly names: { readonly engines: readonly string[]; readonly terminals: readonly string[] };
  readonly engine: (name: string) => Engine | undefined;
  /** A terminal's next start finds no journal; the one that runs writes to what will be lost. */
  readonly loseDisk: (terminal: string) => void;
  readonly crash: (name: string) => void;
  /** Starts a crashed engine or terminal again. */
  readonly restart: (name: string) => Promise<void>;
};

export const ACCOUNT = 'account-1';
/** Of the account, at the broker. */
export const LOGIN = '5001';
const SERVER = 'Holdfast-Demo';
const SECRET = 'a secret of the simulation';
const ENGINES = ['engine-1', 'engine-2'] as const;
const REDIS_WHOLE_WITHIN_MS = 10_000;

const hex = (host: Host): string =>
  Array.from({ length: 32 }, () => Math.floor(host.random() * 16).toString(16)).join('');

/** Builds the system and starts all of it; a moment of the world's time later it is ready. */
export async function startSystem(options: SystemOptions, watch: SystemWatch): Promise<System> {
  const world = createWorld(options.seed, { trace: options.trace ?? false });
  const wire = createWire(world);
  const start = options.redis === 'bare' ? startBareMachines : startMachines;
  const machines = start({ world, wire, profile: 'fast', onPrimary: watch.onPrimary });
  const { redis } = machines;
  const { margin = 'hedging' } = options;
  // Untold it is the first login that was used. What strikes as soon as Redis is there may come before that.
  const isToldLogin = options.redis === 'first' || options.redis === 'bare';
  const login = { login: LOGIN, server: SERVER };
  const brokerProcess = world.start('broker');
  const broker = createBroker({
    host: brokerProcess.host,
    seed: options.seed,
    tickEveryMs: 1000,
    latencyMs: options.brokerLatencyMs ?? 20,
    clockAheadMs: options.brokerAheadMs ?? 0,
    accounts: [
      {
        account: ACCOUNT,
        margin,
        login: LOGIN,
        server: SERVER,
        leverage: 100,
        deposit: '10000000',
      },
    ],
  });
  const terminals = Array.from({ length: options.terminals ?? 1 }, (_, index) => `terminal-${index + 1}`);
  const processes = new Map<string, VirtualProcess>();
  const engines = new Map<string, Engine>();
  const running = new Map<string, Terminal>();
  const journals = new Map<string, Journal>(terminals.map((name) => [name, watchedJournal(name, watch)]));
  const bridgeOf = (name: string): Endpoint => ({
    host: '127.0.0.1',
    port: 7100 + ENGINES.indexOf(name as 'engine-1'),
  });
  const peerOf = (name: string): Endpoint => ({
    host: '127.0.0.1',
    port: 7200 + ENGINES.indexOf(name as 'engine-1'),
  });

  const startEngine = async (name: string): Promise<void> => {
    const process = world.start(name);
    processes.set(name, process);
    const { host } = process;
    const engine = await createEngine({
      host,
      network: createVirtualNetwork(wire, process),
      redis: redis.nodesFor(process),
      options: {
        engine: name,
        numbers: profile('fast'),
        nodes: redis.endpoints,
        bridge: bridgeOf(name),
        peer: peerOf(name),
        engines: ENGINES.map((engine_) => ({ engine: engine_, endpoint: peerOf(engine_) })),
        accounts: [{ account: ACCOUNT, margin, bridgeSecret: SECRET, ...(isToldLogin ? { login } : {}) }],
        proof: (text) => createHmac('sha256', SECRET).update(text).digest('hex'),
        equal: (a, b) => a === b,
        nonce: () => hex(host),
        announce: {},
        log: (event, detail) => world.note(`${name} ${event} ${JSON.stringify(detail)}`),
      },
    });
    engines.set(name, engine);
  };

  const startTerminal = (name: string): void => {
    const process = world.start(name);
    processes.set(name, process);
    const { host } = process;
    const journal = journals.get(name);
    if (journal === undefined) throw new Error(`no terminal is called ${name}`);
    const terminal = createTerminal({
      host,
      network: createVirtualNetwork(wire, process),
      broker: gated(broker.attach(ACCOUNT, name), process, (request, login) =>
        watch.onOrderSend(name, request, login),
      ),
      journal,
      account: ACCOUNT,
      terminal: name,
      role: name === 'terminal-1' ? 'primary' : 'backup',
      margin,
      login: LOGIN,
      server: SERVER,
      secret: SECRET,
      boot: `boot-of-${name}`,
      engines: ENGINES.map((engine) => ({ name: engine, endpoint: bridgeOf(engine) })),
      nonce: () => hex(host),
      timerFloorMs: 10,
      log: (event, detail) => world.note(`${name} ${event} ${JSON.stringify(detail)}`),
      onDead: (error) => {
        world.note(`${name} died: ${String(error)}`);
        crash(name);
        const again = (): void => {
          if (process.state() === 'dead' && processes.get(name) === process) startTerminal(name);
        };
        world.after(500 + world.random() * 1500, again, `restart ${name}`);
      },
    });
    running.set(name, terminal);
  };

  const crash = (name: string): void => {
    processes.get(name)?.crash();
    running.get(name)?.crash();
    running.delete(name);
    engines.delete(name);
  };

  if (options.redis === 'first' || options.redis === 'bare')
    await untilWhole(world, machines, REDIS_WHOLE_WITHIN_MS);
  for (const name of ENGINES) await startEngine(name);
  for (const name of terminals) startTerminal(name);
  return {
    world,
    wire,
    machines,
    redis,
    broker,
    process: (name) => {
      const process = processes.get(name) ?? machines.process(name);
      if (process === undefined) throw new Error(`nothing is called ${name}`);
      return process;
    },
    names: { engines: ENGINES, terminals },
    engine: (name) => engines.get(name),
    loseDisk: (name) => {
      journals.set(name, watchedJournal(name, watch));
    },
    crash,
    restart: async (name) => {
      if (processes.get(name)?.state() !== 'dead') return;
      if (terminals.includes(name)) startTerminal(name);
      else await startEngine(name);
    },
  };
}

/** A journal as a file would be: it outlives the terminal. Each durable line is told. */
function watchedJournal(terminal: string, watch: SystemWatch): Journal {
  const journal = createMemoryJournal();
  return {
    lines: journal.lines,
    append: (lines) => {
      journal.append(lines);
      for (const line of lines) watch.onJournalLine(terminal, line);
    },
  };
}

/** The broker's side runs on: what it says reaches the terminal only while its process lives, and waits while frozen. */
function gated(
  link: BrokerLink,
  process: VirtualProcess,
  sent: (request: TradeRequest, login: string) => void,
): BrokerLink {
  const enter = <Value>(promise: Promise<Value>): Promise<Value> =>
    new Promise((resolve, reject) => {
      promise.then(
        (value) => process.enter(() => resolve(value)),
        (error: unknown) =>
          process.enter(() => reject(error instanceof Error ? error : new Error(String(error)))),
      );
    });
  return {
    ...link,
    orderSend: (request) => {
      sent(request, link.connection().login);
      return enter(link.orderSend(request));
    },
    list: (what, filter) => enter(link.list(what, filter)),
    position: (identifier) => enter(link.position(identifier)),
    order: (ticket) => enter(link.order(ticket)),
    quote: (symbol) => enter(link.quote(symbol)),
    onNotice: (receive) => link.onNotice((notice) => process.enter(() => receive(notice))),
  };
}
