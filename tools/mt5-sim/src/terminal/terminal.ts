/**
 * The simulated MT5 terminal with the bridge in it. It keeps a session to every engine and the rules of
 * docs/bridge-protocol.md; like a real one it has one thread, which OrderSend blocks.
 */
import type { BridgeMessage, EngineMessage } from '@holdfast/bridge';
import type { Endpoint, Host, MarginMode, Network } from '@holdfast/ha-core';
import type { CrashPoint } from '../broker/fault-menu.ts';
import { dealRow, doneRow, orderRow, positionRow } from '../broker/lists.ts';
import type { BrokerLink, BrokerNotice } from '../link/broker-link.ts';
import { createCommands } from './commands.ts';
import { type EngineLink, type EngineSession, keepEngineLink } from './engine-link.ts';
import { printRow } from '@holdfast/bridge';
import type { Journal } from './journal.ts';
import { openJournal } from './journal-writer.ts';
import { answerList } from './list-answer.ts';
import { createScan } from './scan.ts';
import { createThread } from './thread.ts';

export type TerminalOptions = {
  readonly host: Host;
  readonly network: Network;
  readonly broker: BrokerLink;
  readonly journal: Journal;
  readonly account: string;
  readonly terminal: string;
  readonly role: 'primary' | 'backup';
  readonly margin: MarginMode;
  /** Told until the broker has said who is logged in. */
  readonly login: string;
  readonly server: string;
  /** The account's bridge secret. */
  readonly secret: string;
  /** Changes when the machine was started anew. */
  readonly boot: string;
  readonly engines: readonly { readonly name: string; readonly endpoint: Endpoint }[];
  /** 16 random bytes as hex: nonces, and the incarnation of a new journal. */
  readonly nonce: () => string;
  /** Floor of MT5's timer; 0 leaves it out, so that the broker's latency alone counts. */
  readonly timerFloorMs?: number;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
  /** The terminal cannot go on (its journal cannot be written, or it was told to crash): it has stopped itself. */
  readonly onDead: (error: unknown) => void;
};

export type Terminal = {
  readonly journal: string;
  /** Engines with an open session. */
  readonly sessions: () => readonly string[];
  /** Ends it in order: BYE to every engine. A command under way is left to the journal. */
  readonly stop: () => void;
  /** Ends it as a kill does: links break, nothing more is written or said. */
  readonly crash: () => void;
};

const STATE_EVERY_MS = 250;
const TASKS_MAX = 8192;

/** The terminal was told to crash by a fault. */
export class TerminalCrashed extends Error {
  constructor(point: CrashPoint) {
    super(`crashed ${point}, as a fault asked`);
    this.name = 'TerminalCrashed';
  }
}

/** Starts a terminal. Throws when the journal is damaged or another terminal's. */
export function createTerminal(options: TerminalOptions): Terminal {
  const { host, broker, account, terminal, boot } = options;
  const writer = openJournal(options.journal, { account, terminal, newIncarnation: options.nonce });
  const tick = (): number => Math.floor(host.monotonicMs());
  let isStopped = false;
  let saidBusy = false;
  let stateDue = false;
  /** Who is logged in, as every HELLO since has told it. */
  let login = broker.connection().login || options.login;
  const isSameLogin = (): boolean => (broker.connection().login || login) === login;
  const links: EngineLink[] = [];
  const sessions = (): EngineSession[] => links.flatMap((link) => link.session() ?? []);

  const end = (reason: string | undefined): void => {
    if (isStopped) return;
    isStopped = true;
    thread.stop();
    cancelState();
    scan.stop();
    for (const link of links) link.close(reason);
    broker.close();
  };
  const die = (error: unknown): void => {
    end(undefined);
    options.onDead(error);
  };
  const stateMessage = (busy: boolean): BridgeMessage => ({
    verb: 'STATE',
    tick: tick(),
    broker: broker.connection().connected,
    busy,
    ...writer.fence(),
  });
  const sayState = (busy: boolean): void => {
    stateDue = false;
    saidBusy = busy;
    for (const session of sessions()) session.send(stateMessage(busy));
  };
  const commands = createCommands({
    broker,
    writer,
    tick,
    wallMs: host.wallMs,
    boot,
    isStopped: () => isStopped,
    isSameLogin,
    beforeBlocked: () => {
      if (!saidBusy) sayState(true);
    },
    onCrash: (point) => {
      die(new TerminalCrashed(point));
    },
    log: options.log,
  });
  const thread = createThread({
    host,
    timerFloorMs: options.timerFloorMs ?? 0,
    tasksMax: TASKS_MAX,
    idle: () => {
      if (stateDue) sayState(commands.queued() > 0);
      return commands.next();
    },
    onFailure: die,
  });
  const scan = createScan({
    host,
    broker,
    writer,
    post: thread.post,
    onFound: commands.found,
    log: options.log,
  });

  const onMessage = (session: EngineSession, message: EngineMessage): void | Promise<void> => {
    switch (message.verb) {
      case 'SEND':
        return commands.send(session, message);
      case 'FENCE':
        return commands.fence(session, message);
      case 'LEASE':
        return commands.lease(message);
      case 'ASK':
        return commands.ask(session, message);
      case 'LIST':
        return answerList({ host, broker, isSameLogin }, session, message);
      case 'PING':
        return session.send({ verb: 'PONG', t: message.t, tick: tick() });
      case 'CHALLENGE':
      case 'WELCOME':
      case 'BYE':
        return session.send({ verb: 'BYE', reason: 'bad_line' });
    }
  };
  const onNotice = (notice: BrokerNotice): void => {
    if (notice.is === 'links_down') {
      // The network's fault, not the program's: it does not wait for the thread.
      for (const [at, { name }] of options.engines.entries()) {
        if (notice.engine === undefined || notice.engine === name) links[at]?.down(notice.forMs);
      }
    } else if (notice.is === 'crash') {
      commands.crashAt(notice.point);
    } else {
      thread.post(() => tell(notice));
    }
  };
  /** Another account: no session may go on. Each is opened anew, and says so. */
  const sayLogin = (next: string): void => {
    commands.loginChanged();
    login = next;
    for (const session of sessions()) session.send({ verb: 'BYE', reason: 'login' });
    for (const link of links) link.down(0);
  };
  const tell = (notice: BrokerNotice): void => {
    if (notice.is === 'connection') {
      if (!isSameLogin()) return sayLogin(notice.connection.login);
      sayState(commands.queued() > 0);
      if (notice.connection.synced) scan.start();
      return;
    }
    const event = eventOf(notice);
    if (event !== undefined) for (const session of sessions()) session.send(event);
  };

  let cancelState = host.after(STATE_EVERY_MS, function everyState(): void {
    if (thread.isBusy()) stateDue = true;
    else thread.post(() => sayState(commands.queued() > 0));
    cancelState = host.after(STATE_EVERY_MS, everyState);
  });
  broker.onNotice(onNotice);
  for (const engine of options.engines) {
    links.push(
      keepEngineLink({
        host,
        network: options.network,
        engine,
        secret: options.secret,
        nonce: options.nonce,
        hello: () => {
          const { role, margin, server } = options;
          const facts = { account, terminal, role, margin, login, server, journal: writer.incarnation, boot };
          return { ...facts, ...writer.fence(), broker: broker.connection().connected, tick: tick() };
        },
        post: thread.post,
        onOpen: () => {},
        onMessage,
        log: options.log,
      }),
    );
  }
  scan.start();
  return {
    journal: writer.incarnation,
    sessions: () => sessions().map(({ engine }) => engine),
    stop: () => end('shutdown'),
    crash: () => end(undefined),
  };
}

function eventOf(notice: BrokerNotice): BridgeMessage | undefined {
  switch (notice.is) {
    case 'deal':
      return { verb: 'EVENT', what: 'deal', row: printRow('deals', dealRow(notice.deal)) };
    case 'order':
      return notice.order.state === 'placed'
        ? { verb: 'EVENT', what: 'order', row: printRow('orders', orderRow(notice.order)) }
        : { verb: 'EVENT', what: 'order', row: printRow('done', doneRow(notice.order)) };
    case 'position': {
      const row = positionRow(notice.position);
      return {
        verb: 'EVENT',
        what: 'position',
        row: printRow('positions', notice.gone ? { ...row, volume: '0' } : row),
      };
    }
    default:
      return undefined;
  }
}
