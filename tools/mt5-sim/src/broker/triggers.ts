/**
 * What a new price sets off: stop losses, take profits and pending orders of that symbol, pending orders whose time
 * is over, and the stop-out of an account whose equity fell below half of its margin.
 */
import { compareDecimals, decimal, formatDecimal, multiplyDecimals } from '@holdfast/ha-core';
import { checkRequest } from './checks.ts';
import type { Fill } from './fill.ts';
import type { AccountBook, BrokerOrder, BrokerPosition, Change, Ledger } from './ledger.ts';
import { equity, usedMargin } from './margin.ts';
import { closePrice, fillPrice, type Market, type Price } from './market.ts';
import { applyFill, orderOf } from './matching.ts';
import type { SymbolSpecification } from './symbols.ts';

/** Equity below this part of the margin closes positions. */
const STOP_OUT = decimal('0.5');

export type Trigger = {
  readonly ledger: Ledger;
  readonly market: Market;
  readonly book: AccountBook;
  readonly specification: SymbolSpecification;
  readonly price: Price;
  readonly now: number;
  /** Applies changes; each trigger sees what the one before did. */
  readonly commit: (changes: readonly Change[]) => void;
};

/** Runs every trigger of one account for a new price of one symbol. */
export function runTriggers(trigger: Trigger): void {
  const { book, specification } = trigger;
  if (trigger.market.isClosed(specification.symbol)) return;
  for (const identifier of book.exposure.stopped(specification.symbol)) {
    const position = book.positions.get(identifier);
    const cause = position === undefined ? undefined : stopHit(position, trigger.price);
    if (position !== undefined && cause !== undefined) closeAt(trigger, position, cause);
  }
  for (const order of book.working.values()) {
    if (order.symbol !== specification.symbol) continue;
    if (order.expiresAt !== 0 && order.expiresAt <= trigger.now) {
      trigger.commit([{ is: 'order', order: { ...order, state: 'expired', doneAt: trigger.now } }]);
    } else if (isReached(order, trigger.price)) activate(trigger, order);
  }
  stopOut(trigger);
}

function stopHit(position: BrokerPosition, price: Price): 'sl' | 'tp' | undefined {
  const at = closePrice(price, position.side);
  const sign = position.side === 'buy' ? 1 : -1;
  if (position.stopLoss !== '0' && compareDecimals(at, decimal(position.stopLoss)) * sign <= 0) return 'sl';
  if (position.takeProfit !== '0' && compareDecimals(at, decimal(position.takeProfit)) * sign >= 0)
    return 'tp';
  return undefined;
}

/** Closes a whole position at the current price, as the broker does it by itself: magic kept, comment `[sl 1.07]`. */
export function closeAt(
  trigger: Omit<Trigger, 'specification' | 'price'>,
  position: BrokerPosition,
  cause: string,
): void {
  const specification = trigger.market.specifications.get(position.symbol);
  const price = trigger.market.price(position.symbol);
  if (specification === undefined || price === undefined) return;
  const at = formatDecimal(closePrice(price, position.side));
  const level = cause === 'sl' ? position.stopLoss : cause === 'tp' ? position.takeProfit : at;
  const fill: Fill = {
    account: position.account,
    order: trigger.ledger.ticket(),
    specification,
    side: position.side === 'buy' ? 'sell' : 'buy',
    volume: position.volume,
    price: at,
    stopLoss: '0',
    takeProfit: '0',
    magic: cause === 'client' ? '0' : position.magic,
    comment: cause === 'client' ? '' : `[${cause} ${level}]`,
    terminal: '',
    cause,
    position: position.ticket,
    at: trigger.now,
  };
  const outcome = applyFill(trigger, fill);
  const order = orderOf(fill, {
    type: 'market',
    state: 'filled',
    volume: fill.volume,
    filled: fill.volume,
    position: position.position,
  });
  trigger.commit([{ is: 'order', order }, ...outcome.changes]);
}

function isReached(order: BrokerOrder, price: Price): boolean {
  const reached = compareDecimals(fillPrice(price, order.side), decimal(order.price));
  const fromAbove = (order.side === 'buy') === (order.type === 'limit');
  return fromAbove ? reached <= 0 : reached >= 0;
}

/** A pending order that was reached becomes a market order, or is rejected when the account cannot carry it. */
function activate(trigger: Trigger, order: BrokerOrder): void {
  const { market, book, specification, price, now } = trigger;
  const code = checkRequest(
    market,
    book,
    {
      action: 'deal',
      symbol: order.symbol,
      side: order.side,
      volume: order.volume,
      stopLoss: '0',
      takeProfit: '0',
      deviation: 0,
      filling: specification.fillings[0] ?? 'fok',
      magic: order.magic,
      comment: order.comment,
      position: '',
    },
    now,
  );
  if (code !== undefined) {
    trigger.commit([{ is: 'order', order: { ...order, state: 'rejected', doneAt: now } }]);
    return;
  }
  const { account, side, volume, stopLoss, takeProfit, magic, comment, terminal } = order;
  const fill: Fill = {
    account,
    order: order.order,
    specification,
    side,
    volume,
    price: formatDecimal(fillPrice(price, side)),
    stopLoss,
    takeProfit,
    magic,
    comment,
    terminal,
    cause: 'expert',
    position: '',
    at: now,
  };
  const outcome = applyFill(trigger, fill);
  trigger.commit([
    { is: 'order', order: { ...order, state: 'filled', filled: volume, doneAt: now } },
    ...outcome.changes,
  ]);
}

/** Closes position after position, the oldest first, until equity is above the level again. */
function stopOut(trigger: Trigger): void {
  const { book, market } = trigger;
  for (;;) {
    const margin = usedMargin(market, book);
    if (margin.units === 0n || compareDecimals(equity(market, book), multiplyDecimals(margin, STOP_OUT)) >= 0)
      return;
    const [oldest] = book.positions.values();
    if (oldest === undefined) return;
    closeAt(trigger, oldest, 'so');
    if (book.positions.has(oldest.position)) return;
  }
}
