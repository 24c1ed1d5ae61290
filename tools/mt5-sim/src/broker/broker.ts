/**
 * The simulated broker: accounts, prices and the book of what was traded, with MT5's rules and a menu of faults. Pure
 * above the Host port: the same seed, requests and times give the same ledger.
 */
import { formatDecimal, type Host } from '@holdfast/ha-core';
import { createAttachments, type TerminalView } from './attachments.ts';
import { changeTicket, closeByHand, openByHand, type Scene, takeBack } from './by-hand.ts';
import { checkRequest } from './checks.ts';
import type { Fault } from './fault-menu.ts';
import { type ActiveFault, createFaults } from './faults.ts';
import {
  type AccountBook,
  type AccountFacts,
  type BrokerDeal,
  type BrokerOrder,
  type BrokerPosition,
  balanceText,
  type Change,
  createLedger,
} from './ledger.ts';
import { equity, usedMargin } from './margin.ts';
import { type Market, quoteOf } from './market.ts';
import { execute } from './matching.ts';
import { createPrices, type Places } from './prices.ts';
import type { RecordedBar } from './recorded-bars.ts';
import { bareReply, type Quote, type TradeReply, type TradeRequest } from './requests.ts';
import { SYMBOLS, type SymbolSpecification } from './symbols.ts';
import { runTriggers } from './triggers.ts';
import type { BrokerLink } from '../link/broker-link.ts';

/** One step of the ledger: what changed together, and where the prices were. */
export type BrokerRecord = {
  readonly at: number;
  readonly changes: readonly Change[];
  readonly places: Places;
};

export type BrokerOptions = {
  readonly host: Host;
  readonly seed: number;
  readonly accounts: readonly AccountFacts[];
  readonly symbols?: readonly SymbolSpecification[];
  /** Time that OrderSend takes; half of it lies before the execution. */
  readonly latencyMs?: number;
  /** Time from one tick of a symbol to the next; 0 for none but those by hand. */
  readonly tickEveryMs?: number;
  /** What the broker's clock is ahead of the host's, in ms: brokers keep the time of their own zone. */
  readonly clockAheadMs?: number;
  /** Recorded bars by symbol; the others walk by the seed. */
  readonly bars?: ReadonlyMap<string, readonly RecordedBar[]>;
  /** What an earlier run recorded, in order. */
  readonly restore?: Iterable<BrokerRecord>;
  /** Called with each step before anyone is told of it. Throws when it cannot be kept. */
  readonly onRecord?: (record: BrokerRecord) => void;
};

export type LedgerView = {
  readonly orders: readonly BrokerOrder[];
  readonly deals: readonly BrokerDeal[];
  readonly positions: readonly BrokerPosition[];
};

export type AccountView = {
  readonly account: string;
  readonly balance: string;
  readonly equity: string;
  readonly margin: string;
};

export type Broker = {
  /** A terminal logs in. Throws a RangeError for an account that the broker does not have. */
  readonly attach: (account: string, terminal: string) => BrokerLink;
  readonly ledger: () => LedgerView;
  readonly accounts: () => AccountView[];
  readonly quotes: () => Quote[];
  /** Requests that were refused after their answer had been dropped: no list shows them, and nobody was told. */
  readonly unheard: () => readonly TradeRequest[];
  readonly terminals: () => TerminalView[];
  readonly specifications: () => readonly SymbolSpecification[];
  /** Undefined when too many faults are on. */
  readonly addFault: (fault: Fault) => ActiveFault | undefined;
  readonly faults: () => readonly ActiveFault[];
  readonly clearFaults: () => number;
  /** One more tick of a symbol, with what it triggers. */
  readonly tick: (symbol: string) => void;
  /** Sets a price by hand, in points, with what it triggers. */
  readonly setPrice: (symbol: string, bidPoints: number, spreadPoints: number) => void;
  readonly stop: () => void;
};

/** More than any run of faults makes. */
const UNHEARD_KEPT = 10_000;

/** A broker, running. Throws a RangeError when `restore` does not fit the accounts. */
export function createBroker(options: BrokerOptions): Broker {
  const { host, seed, tickEveryMs = 250 } = options;
  const specifications = new Map((options.symbols ?? SYMBOLS).map((each) => [each.symbol, each]));
  const ledger = createLedger();
  let places: Places = {};
  let lastAt = 0;
  for (const account of options.accounts) ledger.apply({ is: 'account', account });
  for (const record of options.restore ?? []) {
    for (const change of record.changes) ledger.apply(change);
    places = record.places;
    lastAt = Math.max(lastAt, record.at);
  }
  const unheard: TradeRequest[] = [];
  let clockAheadMs = options.clockAheadMs ?? 0;
  /** The broker's clock never goes back, whatever the host's does, but by a fault. */
  const now = (): number => {
    lastAt = Math.max(lastAt, host.wallMs() + clockAheadMs);
    return lastAt;
  };
  const faults = createFaults(host.monotonicMs);
  const prices = createPrices(specifications, options.bars ?? new Map(), seed, places, now());
  const market: Market = {
    specifications,
    price: prices.price,
    isClosed: (symbol) => faults.on('market_closed', { symbol }).length > 0,
  };

  const commit = (changes: readonly Change[]): void => {
    if (changes.length === 0) return;
    options.onRecord?.({ at: lastAt, changes, places: prices.places() });
    for (const change of changes) ledger.apply(change);
    attachments.tell(changes);
  };
  const carryOut = (
    book: AccountBook,
    terminal: string,
    request: TradeRequest,
    struck: { readonly partial: boolean; readonly comment: string | undefined },
  ): TradeReply => {
    const at = now();
    const refused = checkRequest(market, book, request, at);
    if (refused !== undefined) return bareReply(refused, '', at);
    const sent =
      struck.comment !== undefined && 'comment' in request
        ? { ...request, comment: struck.comment }
        : request;
    const { reply, changes } = execute(
      { ledger, market, book, terminal, now: at, partial: struck.partial },
      sent,
    );
    commit(changes);
    return reply;
  };
  const attachments = createAttachments({
    host,
    faults,
    now,
    clockAheadMs: () => now() - host.wallMs(),
    latencyMs: options.latencyMs ?? 0,
    specifications,
    price: prices.price,
    onUnheard: (request) => {
      unheard.push(request);
      if (unheard.length > UNHEARD_KEPT) unheard.shift();
    },
    carryOut,
  });

  const trigger = (symbol: string): void => {
    const specification = specifications.get(symbol);
    const price = prices.price(symbol);
    if (specification === undefined || price === undefined) return;
    for (const book of ledger.books.values()) {
      runTriggers({ ledger, market, book, specification, price, now: now(), commit });
    }
  };
  const tick = (symbol: string): void => {
    prices.tick(symbol, now());
    trigger(symbol);
  };
  let cancelTick = (): void => {};
  const tickAll = (): void => {
    for (const symbol of specifications.keys()) tick(symbol);
    cancelTick = host.after(tickEveryMs, tickAll);
  };
  if (tickEveryMs > 0) cancelTick = host.after(tickEveryMs, tickAll);

  /** The faults that are over at once. */
  const happen = (fault: Fault): void => {
    if (fault.kind === 'clock_step') {
      clockAheadMs += fault.stepMs ?? 0;
      lastAt = host.wallMs() + clockAheadMs;
    }
    const book = ledger.book(fault.account ?? '');
    if (book === undefined) return;
    const scene: Scene = { ledger, market, book, now: now(), commit };
    const { position = '', deal = '', symbol = '', side = 'buy', volume } = fault;
    if (fault.kind === 'manual_close') closeByHand(scene, position);
    if (fault.kind === 'ticket_changed') changeTicket(scene, position);
    if (fault.kind === 'deal_cancelled') takeBack(scene, deal);
    if (fault.kind === 'manual_open')
      openByHand(scene, { symbol, side, ...(volume === undefined ? {} : { volume }) });
  };
  return {
    attach: (account, terminal) => {
      const book = ledger.book(account);
      if (book === undefined) throw new RangeError(`the broker has no account ${JSON.stringify(account)}`);
      return attachments.attach(book, terminal);
    },
    ledger: () => {
      const books = [...ledger.books.values()];
      return {
        orders: books.flatMap((book) => [...book.done, ...book.working.values()]),
        deals: books.flatMap((book) => book.deals),
        positions: books.flatMap((book) => [...book.positions.values()]),
      };
    },
    accounts: () =>
      [...ledger.books.values()].map((book) => ({
        account: book.facts.account,
        balance: balanceText(book),
        equity: formatDecimal(equity(market, book)),
        margin: formatDecimal(usedMargin(market, book)),
      })),
    quotes: () =>
      [...specifications.keys()].flatMap((symbol) => {
        const price = prices.price(symbol);
        return price === undefined ? [] : [quoteOf(symbol, price)];
      }),
    unheard: () => unheard,
    terminals: attachments.terminals,
    specifications: () => [...specifications.values()],
    addFault: (fault) => {
      const active = faults.add(fault);
      if (active === undefined) return undefined;
      happen(fault);
      attachments.strike(fault);
      return active;
    },
    faults: faults.active,
    clearFaults: () => {
      const there = faults.clear();
      attachments.refresh();
      return there;
    },
    tick,
    setPrice: (symbol, bidPoints, spreadPoints) => {
      prices.set(symbol, { bidPoints, spreadPoints }, now());
      trigger(symbol);
    },
    stop: () => {
      cancelTick();
      attachments.stop();
    },
  };
}
