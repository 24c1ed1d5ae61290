/**
 * What the broker has: accounts, orders, deals, positions. It changes only by `apply`, and every change is data, so
 * that a file of changes rebuilds it and whoever listens hears all of it. No rule of trading is here.
 */
import {
  addDecimals,
  type Decimal,
  decimal,
  formatDecimal,
  type MarginMode,
  type Side,
} from '@holdfast/ha-core';
import { createExposure, type Exposure } from './exposure.ts';

export type AccountFacts = {
  readonly account: string;
  readonly margin: MarginMode;
  readonly login: string;
  readonly server: string;
  readonly leverage: number;
  readonly deposit: string;
};

export type BrokerOrder = {
  readonly account: string;
  readonly order: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: 'market' | 'limit' | 'stop';
  readonly state: 'placed' | 'filled' | 'partial' | 'cancelled' | 'expired' | 'rejected';
  readonly volume: string;
  readonly filled: string;
  readonly price: string;
  readonly stopLoss: string;
  readonly takeProfit: string;
  readonly magic: string;
  readonly comment: string;
  /** Terminal that sent it; empty when the broker made it (a stop loss, say). */
  readonly terminal: string;
  /** Position that it closes; empty when it opens. */
  readonly position: string;
  readonly expiresAt: number;
  readonly at: number;
  readonly doneAt: number;
};

export type BrokerDeal = {
  readonly account: string;
  readonly deal: string;
  readonly order: string;
  readonly position: string;
  readonly symbol: string;
  readonly side: Side;
  readonly entry: 'in' | 'out' | 'inout' | 'out_by';
  /** MT5's reason: expert, client, sl, tp, so. */
  readonly cause: string;
  readonly volume: string;
  readonly price: string;
  readonly profit: string;
  readonly magic: string;
  readonly comment: string;
  readonly terminal: string;
  /** Taken back by the broker later. */
  readonly cancelled?: boolean;
  readonly at: number;
};

export type BrokerPosition = {
  readonly account: string;
  /** POSITION_IDENTIFIER: the opening order's ticket; stays. */
  readonly position: string;
  /** POSITION_TICKET: a netting reversal changes it. */
  readonly ticket: string;
  readonly symbol: string;
  readonly side: Side;
  readonly volume: string;
  readonly price: string;
  readonly stopLoss: string;
  readonly takeProfit: string;
  readonly magic: string;
  readonly comment: string;
  readonly terminal: string;
  readonly at: number;
};

export type Change =
  | { readonly is: 'account'; readonly account: AccountFacts }
  | { readonly is: 'order'; readonly order: BrokerOrder }
  | { readonly is: 'deal'; readonly deal: BrokerDeal }
  | { readonly is: 'position'; readonly position: BrokerPosition }
  | { readonly is: 'position_gone'; readonly position: BrokerPosition };

/** One account's part of the ledger. Orders and deals are in the order in which they came to their end. */
export type AccountBook = {
  readonly facts: AccountFacts;
  readonly working: Map<string, BrokerOrder>;
  readonly done: BrokerOrder[];
  readonly deals: BrokerDeal[];
  readonly dealsByMagic: Map<string, BrokerDeal[]>;
  readonly doneByMagic: Map<string, BrokerOrder[]>;
  /** By identifier. */
  readonly positions: Map<string, BrokerPosition>;
  /** Identifier by ticket. */
  readonly byTicket: Map<string, string>;
  readonly exposure: Exposure;
  balance: Decimal;
  /** No order or deal has a time before that of the one before it: the broker's clock was never set back. */
  inOrder: boolean;
};

export type Ledger = {
  readonly books: ReadonlyMap<string, AccountBook>;
  /** Throws a RangeError for a change of an account that does not exist. */
  readonly apply: (change: Change) => void;
  /** The next ticket, above every ticket that was applied. */
  readonly ticket: () => string;
  readonly book: (account: string) => AccountBook | undefined;
};

/** An empty ledger. */
export function createLedger(): Ledger {
  const books = new Map<string, AccountBook>();
  let lastTicket = 1_000_000n;
  const seen = (ticket: string): void => {
    const number = BigInt(ticket);
    if (number > lastTicket) lastTicket = number;
  };
  const need = (account: string): AccountBook => {
    const book = books.get(account);
    if (book === undefined) throw new RangeError(`the broker has no account ${JSON.stringify(account)}`);
    return book;
  };
  return {
    books,
    book: (account) => books.get(account),
    ticket: () => {
      lastTicket += 1n;
      return lastTicket.toString();
    },
    apply: (change) => {
      switch (change.is) {
        case 'account':
          if (!books.has(change.account.account)) books.set(change.account.account, newBook(change.account));
          return;
        case 'order':
          seen(change.order.order);
          applyOrder(need(change.order.account), change.order);
          return;
        case 'deal':
          seen(change.deal.deal);
          applyDeal(need(change.deal.account), change.deal);
          return;
        case 'position':
          applyPosition(need(change.position.account), change.position);
          return;
        case 'position_gone':
          removePosition(need(change.position.account), change.position.position);
      }
    },
  };
}

function newBook(facts: AccountFacts): AccountBook {
  return {
    facts,
    working: new Map(),
    done: [],
    deals: [],
    dealsByMagic: new Map(),
    doneByMagic: new Map(),
    positions: new Map(),
    byTicket: new Map(),
    exposure: createExposure(),
    balance: decimal(facts.deposit),
    inOrder: true,
  };
}

function applyOrder(book: AccountBook, order: BrokerOrder): void {
  if (order.state === 'placed') {
    book.working.set(order.order, order);
    return;
  }
  book.working.delete(order.order);
  if (order.doneAt < (book.done.at(-1)?.doneAt ?? 0)) book.inOrder = false;
  book.done.push(order);
  addTo(book.doneByMagic, order.magic, order);
}

function applyDeal(book: AccountBook, deal: BrokerDeal): void {
  if (deal.cancelled === true) return replaceDeal(book, deal);
  if (deal.at < (book.deals.at(-1)?.at ?? 0)) book.inOrder = false;
  book.deals.push(deal);
  addTo(book.dealsByMagic, deal.magic, deal);
  book.balance = addDecimals(book.balance, decimal(deal.profit));
}

/** A deal that was taken back keeps its place and its time. */
function replaceDeal(book: AccountBook, deal: BrokerDeal): void {
  for (const list of [book.deals, book.dealsByMagic.get(deal.magic) ?? []]) {
    const place = list.findIndex((row) => row.deal === deal.deal);
    if (place >= 0) list[place] = deal;
  }
}

function applyPosition(book: AccountBook, position: BrokerPosition): void {
  removePosition(book, position.position);
  book.positions.set(position.position, position);
  book.byTicket.set(position.ticket, position.position);
  book.exposure.add(position);
}

function removePosition(book: AccountBook, identifier: string): void {
  const before = book.positions.get(identifier);
  if (before === undefined) return;
  book.positions.delete(identifier);
  book.byTicket.delete(before.ticket);
  book.exposure.remove(before);
}

function addTo<T>(index: Map<string, T[]>, key: string, value: T): void {
  const list = index.get(key);
  if (list === undefined) index.set(key, [value]);
  else list.push(value);
}

/** The position that a command names by its ticket. */
export function positionByTicket(book: AccountBook, ticket: string): BrokerPosition | undefined {
  return book.positions.get(book.byTicket.get(ticket) ?? '');
}

/** The account's balance as text, with no trailing zeros. */
export const balanceText = (book: AccountBook): string => formatDecimal(book.balance);
