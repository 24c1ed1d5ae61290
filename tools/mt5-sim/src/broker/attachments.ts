/**
 * The terminals that are logged in: their connection, their requests under way with latency and faults, and what they
 * are told. An attachment is a BrokerLink.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Host } from '@holdfast/ha-core';
import type { BrokerConnection, BrokerLink, BrokerNotice } from '../link/broker-link.ts';
import type { Fault } from './fault-menu.ts';
import type { Faults } from './faults.ts';
import type { AccountBook, Change } from './ledger.ts';
import { type Hidden, listRows } from './lists.ts';
import { type Price, quoteOf } from './market.ts';
import { bareReply, type TradeReply, type TradeRequest } from './requests.ts';
import type { SymbolSpecification } from './symbols.ts';

/** The end of a fault is looked at when it is over for certain: a clock that drifts may show the moment before it. */
const OVER_MS = 1;

export type AttachmentsOptions = {
  readonly host: Host;
  readonly faults: Faults;
  /** Broker wall ms. */
  readonly now: () => number;
  /** What the broker's clock is ahead of the host's, in ms. */
  readonly clockAheadMs: () => number;
  readonly latencyMs: number;
  readonly specifications: ReadonlyMap<string, SymbolSpecification>;
  readonly price: (symbol: string) => Price | undefined;
  /** A request was refused, and its answer was dropped or came after the connection had broken: nobody is told, then or later. */
  readonly onUnheard: (request: TradeRequest) => void;
  readonly carryOut: (
    book: AccountBook,
    terminal: string,
    request: TradeRequest,
    struck: { readonly partial: boolean; readonly comment: string | undefined },
  ) => TradeReply;
};

export type Attachments = {
  readonly attach: (book: AccountBook, terminal: string) => BrokerLink;
  /** Tells the terminals of the account what changed. */
  readonly tell: (changes: readonly Change[]) => void;
  /** A fault was added: what strikes terminals strikes now. */
  readonly strike: (fault: Fault) => void;
  /** Faults ended: connections may be other than before. */
  readonly refresh: () => void;
  readonly terminals: () => TerminalView[];
  readonly stop: () => void;
};

/** A terminal that is logged in. */
export type TerminalView = BrokerConnection & { readonly account: string; readonly terminal: string };

type Attached = {
  readonly account: string;
  readonly terminal: string;
  readonly connection: () => BrokerConnection;
  readonly notify: (notice: BrokerNotice) => void;
  /** Tells of a changed connection; requests under way get 10031 when it was lost. */
  readonly refresh: () => void;
};

/** No terminal is attached at first. */
export function createAttachments(options: AttachmentsOptions): Attachments {
  const { host, faults } = options;
  const attached = new Set<Attached>();
  const cancels = new Set<() => void>();
  const later = (delayMs: number, run: () => void): void => {
    if (delayMs <= 0) {
      run();
      return;
    }
    const cancel = host.after(delayMs, () => {
      cancels.delete(cancel);
      run();
    });
    cancels.add(cancel);
  };
  const refresh = (): void => {
    for (const each of attached) each.refresh();
  };
  return {
    attach: (book, terminal) => {
      const { link, self } = attachmentOf(options, book, terminal, later, () => attached.delete(self));
      attached.add(self);
      return link;
    },
    tell: (changes) => {
      for (const change of changes) {
        const notice = noticeOf(change);
        if (notice === undefined) continue;
        const account = accountOf(change);
        if (faults.take('events_lost', { account }) !== undefined) continue;
        const notify = (): void => {
          for (const each of attached) if (each.account === account) each.notify(notice);
        };
        const late = faults.take('events_late', { account });
        if (late === undefined) notify();
        else for (let copy = 0; copy < 2; copy += 1) later(host.random() * (late.delayMs ?? 0), notify);
      }
    },
    strike: (fault) => {
      const { kind, forMs = 0, syncMs = 0 } = fault;
      refresh();
      for (const end of [forMs, forMs + syncMs]) if (end > 0) later(end + OVER_MS, refresh);
      for (const each of attached) {
        if (fault.account !== undefined && fault.account !== each.account) continue;
        if (fault.terminal !== undefined && fault.terminal !== each.terminal) continue;
        if (kind === 'links_down') each.notify({ is: 'links_down', forMs, engine: fault.engine });
        if (kind === 'crash' && fault.point !== undefined) each.notify({ is: 'crash', point: fault.point });
      }
    },
    refresh,
    terminals: () =>
      [...attached].map(({ account, terminal, connection }) => ({ account, terminal, ...connection() })),
    stop: () => {
      for (const cancel of cancels) cancel();
      cancels.clear();
      attached.clear();
    },
  };
}

function attachmentOf(
  options: AttachmentsOptions,
  book: AccountBook,
  terminal: string,
  later: (delayMs: number, run: () => void) => void,
  detach: () => void,
): { link: BrokerLink; self: Attached } {
  const { host, faults, now, specifications } = options;
  const account = book.facts.account;
  const place = { account, terminal };
  let receive: ((notice: BrokerNotice) => void) | undefined;
  let isOpen = true;
  const waiting = new Set<(reply: TradeReply) => void>();

  const elsewhere = (): string | undefined => faults.on('relogin', place)[0]?.fault.login;
  const connection = (): BrokerConnection => {
    const time = host.monotonicMs();
    const down = faults.on('broker_down', place);
    const connected = isOpen && !down.some(({ sinceMs, fault }) => time < sinceMs + (fault.forMs ?? 0));
    return {
      connected,
      synced: connected && down.length === 0 && faults.on('unsynced', place).length === 0,
      clockAheadMs: options.clockAheadMs(),
      login: elsewhere() ?? book.facts.login,
    };
  };
  let told = connection();
  const notify = (notice: BrokerNotice): void => {
    if (
      isOpen &&
      ((notice.is !== 'deal' && notice.is !== 'order' && notice.is !== 'position') || told.connected)
    ) {
      receive?.(notice);
    }
  };
  const refresh = (): void => {
    const current = connection();
    if (isDeepStrictEqual(current, told)) return;
    const lost = !current.connected || current.login !== told.login;
    told = current;
    if (lost) for (const settle of waiting) settle(bareReply(10031, 'connection lost', now()));
    notify({ is: 'connection', connection: current });
  };
  const orderSend = (request: TradeRequest): Promise<TradeReply> =>
    new Promise((resolve) => {
      const settle = (reply: TradeReply): void => {
        if (waiting.delete(settle)) resolve(reply);
      };
      waiting.add(settle);
      if (!connection().connected) {
        settle(bareReply(10031, 'no connection', now()));
        return;
      }
      if (elsewhere() !== undefined) {
        settle(bareReply(10006, 'this is another account', now()));
        return;
      }
      const struck = faults.strike({ ...place, symbol: request.symbol });
      const halfMs = (options.latencyMs + (struck.get('delay')?.delayMs ?? 0)) / 2;
      later(halfMs, () => {
        const reply = answer(options, book, terminal, request, struck, later);
        const isAnswer = !struck.has('drop_request') && !struck.has('drop_reply');
        later(halfMs, () => {
          // The connection broke meanwhile: a refusal leaves nothing behind that would prove it later.
          const isLost = !waiting.has(settle);
          if (isLost && isAnswer && !isCarriedOut(reply.retcode)) options.onUnheard(request);
          settle(reply);
        });
      });
    });

  const hidden = (): Hidden | undefined => {
    const lags = faults.on('lists_lag', place).map(({ fault }) => fault.lagMs ?? 0);
    return lags.length === 0 ? undefined : { afterMs: now() - Math.max(...lags), untilMs: now() };
  };
  const held = <Row>(find: () => Row | undefined): Row | 'gone' | undefined => {
    if (!connection().synced) return undefined;
    return elsewhere() === undefined ? (find() ?? 'gone') : 'gone';
  };
  const link: BrokerLink = {
    connection,
    orderSend,
    list: (what, filter) => {
      if (!connection().connected) return Promise.resolve(undefined);
      if (elsewhere() !== undefined && what !== 'symbols') return Promise.resolve([]);
      return Promise.resolve(listRows(book, specifications.values(), what, filter, hidden()));
    },
    position: (identifier) => Promise.resolve(held(() => book.positions.get(identifier))),
    order: (ticket) => Promise.resolve(held(() => book.working.get(ticket))),
    quote: (symbol) => {
      const price = connection().connected ? options.price(symbol) : undefined;
      const digits = specifications.get(symbol)?.digits ?? 0;
      return Promise.resolve(price === undefined ? undefined : { ...quoteOf(symbol, price), digits });
    },
    onNotice: (receiver) => {
      receive = receiver;
    },
    close: () => {
      isOpen = false;
      waiting.clear();
      detach();
    },
  };
  return { link, self: { account, terminal, connection, notify, refresh } };
}

/** Carries a request out, or what the faults that struck it make of that. */
function answer(
  options: AttachmentsOptions,
  book: AccountBook,
  terminal: string,
  request: TradeRequest,
  struck: ReadonlyMap<Fault['kind'], Fault>,
  later: (delayMs: number, run: () => void) => void,
): TradeReply {
  const at = options.now();
  const lost = struck.get('drop_request');
  if (lost !== undefined) return bareReply(lost.retcode ?? 10012, 'no reply', at);
  const refused = struck.get('refuse') ?? (struck.has('requote') ? { retcode: 10004 } : undefined);
  if (refused !== undefined) return bareReply(refused.retcode ?? 10006, 'refused by the broker', at);
  const carryOut = (): TradeReply =>
    options.carryOut(book, terminal, request, {
      partial: struck.has('partial_fill'),
      comment: struck.get('comment_changed')?.comment,
    });
  const dropped = struck.get('drop_reply');
  if (dropped !== undefined) {
    later(dropped.executeAfterMs ?? 0, () => {
      if (!isCarriedOut(carryOut().retcode)) options.onUnheard(request);
    });
    return bareReply(dropped.retcode ?? 10012, 'no reply', at);
  }
  const reply = carryOut();
  return isCarriedOut(reply.retcode) && struck.has('done_without_deal')
    ? { ...reply, deal: '0', price: '0' }
    : reply;
}

/** Done, or done in part. */
const isCarriedOut = (retcode: number): boolean => retcode === 10009 || retcode === 10010;

function noticeOf(change: Change): BrokerNotice | undefined {
  switch (change.is) {
    case 'deal':
      return { is: 'deal', deal: change.deal };
    case 'order':
      return { is: 'order', order: change.order };
    case 'position':
      return { is: 'position', position: change.position, gone: false };
    case 'position_gone':
      return { is: 'position', position: change.position, gone: true };
    case 'account':
      return undefined;
  }
}

function accountOf(change: Change): string {
  switch (change.is) {
    case 'deal':
      return change.deal.account;
    case 'order':
      return change.order.account;
    case 'position':
    case 'position_gone':
      return change.position.account;
    case 'account':
      return change.account.account;
  }
}
