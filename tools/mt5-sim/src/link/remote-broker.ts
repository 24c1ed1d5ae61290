/** BrokerLink over lines to the broker's process: connects again and again, and says honestly what it cannot know. */
import { backOffMs, type Endpoint, type Host, type Link, type Network } from '@holdfast/ha-core';
import { bareReply, type ListRows, type TradeReply } from '../broker/requests.ts';
import { type BrokerLink, type BrokerNotice, NOT_CONNECTED } from './broker-link.ts';
import { type BrokerLine, parseBrokerLine, printLine, type TerminalLine } from './broker-lines.ts';

export type RemoteBrokerOptions = {
  readonly host: Host;
  readonly network: Network;
  readonly endpoint: Endpoint;
  readonly account: string;
  readonly terminal: string;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

const DIAL_DEADLINE_MS = 1000;
const FIRST_BACK_OFF_MS = 250;
const MOST_BACK_OFF_MS = 2000;
/** OrderSend gives up after this time: the outcome is then unknown (10012). */
const ORDER_DEADLINE_MS = 60_000;
const READ_DEADLINE_MS = 5000;

type Ask = TerminalLine extends infer Line ? (Line extends { id: number } ? Omit<Line, 'id'> : never) : never;
type Answer = Extract<BrokerLine, { id: number }>;
type Waiting = { readonly take: (answer: Answer) => void; readonly lost: () => void };

/** A link to the broker, dialled at once and for ever. */
export function createRemoteBroker(options: RemoteBrokerOptions): BrokerLink {
  const { host, network, endpoint, account, terminal, log } = options;
  let link: Link | undefined;
  let connection = NOT_CONNECTED;
  let isClosed = false;
  let attempt = 0;
  let lastId = 0;
  let receive: ((notice: BrokerNotice) => void) | undefined;
  let cancelDial = (): void => {};
  const waiting = new Map<number, Waiting>();

  const setConnection = (next: typeof connection): void => {
    connection = next;
    receive?.({ is: 'connection', connection });
  };
  const lost = (reason: string): void => {
    link = undefined;
    if (isClosed) return;
    log('broker_lost', { reason });
    for (const each of waiting.values()) each.lost();
    waiting.clear();
    setConnection(NOT_CONNECTED);
    dialLater();
  };
  const dialLater = (): void => {
    const delayMs = backOffMs(attempt, FIRST_BACK_OFF_MS, MOST_BACK_OFF_MS, host.random());
    attempt += 1;
    cancelDial = host.after(delayMs, () => void dial());
  };
  const dial = async (): Promise<void> => {
    const outcome = await network.dial(endpoint, DIAL_DEADLINE_MS);
    if (outcome.is === 'failed') {
      if (!isClosed) dialLater();
      return;
    }
    if (isClosed) {
      outcome.link.close();
      return;
    }
    link = outcome.link;
    link.onClosed(lost);
    link.onLine(take);
    link.send(printLine({ is: 'login', account, terminal }));
  };
  const take = (text: string): void => {
    const line = parseBrokerLine(text);
    if (line === undefined) {
      log('broker_bad_line', { line: text.slice(0, 80) });
      link?.close();
      return;
    }
    switch (line.is) {
      case 'welcome':
        attempt = 0;
        log('broker_login', { account, terminal });
        setConnection(line.connection);
        return;
      case 'refused':
        log('broker_refused', { why: line.why });
        link?.close();
        return;
      case 'notice':
        if (line.notice.is === 'connection') setConnection(line.notice.connection);
        else receive?.(line.notice);
        return;
      default:
        waiting.get(line.id)?.take(line);
    }
  };
  /** `take` returns the outcome, or undefined while more is to come. */
  const ask = <T>(
    ask: Ask,
    deadlineMs: number,
    take: (answer: Answer) => { readonly value: T } | undefined,
    otherwise: (why: 'deadline' | 'lost') => T,
  ): Promise<T> =>
    new Promise((resolve) => {
      lastId += 1;
      const id = lastId;
      const settle = (value: T): void => {
        cancel();
        if (waiting.delete(id)) resolve(value);
      };
      const cancel = host.after(deadlineMs, () => settle(otherwise('deadline')));
      waiting.set(id, {
        take: (answer) => {
          const outcome = take(answer);
          if (outcome !== undefined) settle(outcome.value);
        },
        lost: () => settle(otherwise('lost')),
      });
      const line = { ...ask, id } as TerminalLine;
      if (!connection.connected || link?.send(printLine(line)) !== true) settle(otherwise('lost'));
    });
  void dial();
  return {
    connection: () => connection,
    orderSend: (request) =>
      ask<TradeReply>(
        { is: 'send', request },
        ORDER_DEADLINE_MS,
        (answer) => (answer.is === 'reply' ? { value: answer.reply } : undefined),
        (why) => bareReply(why === 'lost' ? 10031 : 10012, 'no reply from the broker', host.wallMs()),
      ),
    list: (what, filter) => {
      const all: unknown[] = [];
      return ask<readonly ListRows[typeof what][] | undefined>(
        { is: 'list', what, filter },
        READ_DEADLINE_MS,
        (answer) => {
          if (answer.is !== 'rows') return undefined;
          if (answer.rows === null) return { value: undefined };
          all.push(...answer.rows);
          return answer.last ? { value: all as ListRows[typeof what][] } : undefined;
        },
        () => undefined,
      );
    },
    position: (identifier) =>
      ask(
        { is: 'position', identifier },
        READ_DEADLINE_MS,
        (answer) => (answer.is === 'position' ? { value: answer.found ?? undefined } : undefined),
        () => undefined,
      ),
    order: (ticket) =>
      ask(
        { is: 'order', ticket },
        READ_DEADLINE_MS,
        (answer) => (answer.is === 'order' ? { value: answer.found ?? undefined } : undefined),
        () => undefined,
      ),
    quote: (symbol) =>
      ask(
        { is: 'quote', symbol },
        READ_DEADLINE_MS,
        (answer) => (answer.is === 'quote' ? { value: answer.quote ?? undefined } : undefined),
        () => undefined,
      ),
    onNotice: (receiver) => {
      receive = receiver;
    },
    close: () => {
      isClosed = true;
      cancelDial();
      link?.close();
    },
  };
}
