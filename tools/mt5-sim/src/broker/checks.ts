/**
 * The checks before anything is done, each with MT5's return code. A request that passes can be carried out; one that
 * does not leaves no trace in the ledger, because a terminal gets no ticket for it.
 */
import {
  addDecimals,
  compareDecimals,
  type Decimal,
  isMultipleOf,
  multiplyDecimals,
  parseDecimal,
  type Side,
  subtractDecimals,
} from '@holdfast/ha-core';
import { type AccountBook, positionByTicket } from './ledger.ts';
import { freeMargin, marginAfter } from './margin.ts';
import { fillPrice, type Market, type Price } from './market.ts';
import type { TradeRequest } from './requests.ts';
import { pointOf, type SymbolSpecification } from './symbols.ts';

/** Orders that may wait at the same time (ACCOUNT_LIMIT_ORDERS). */
export const WORKING_ORDERS_MAX = 500;

/** The refusal's return code, or undefined when the request may be carried out. */
export function checkRequest(
  market: Market,
  book: AccountBook,
  request: TradeRequest,
  now: number,
): number | undefined {
  const specification = market.specifications.get(request.symbol);
  if (specification === undefined) return 10013;
  if (specification.tradeMode === 'disabled') return 10017;
  if (market.isClosed(request.symbol)) return 10018;
  const price = market.price(request.symbol);
  if (price === undefined) return 10021;
  switch (request.action) {
    case 'deal':
      return checkDeal(market, book, request, specification, price);
    case 'pending':
      return checkPending(book, request, specification, price, now);
    case 'sltp':
      return checkStops(book, request, specification, price);
    case 'modify':
      return checkModify(book, request, specification, price);
    case 'remove':
      return book.working.get(request.order)?.symbol === request.symbol ? undefined : 10035;
  }
}

type Of<Action extends TradeRequest['action']> = Extract<TradeRequest, { action: Action }>;

function checkDeal(
  market: Market,
  book: AccountBook,
  request: Of<'deal'>,
  specification: SymbolSpecification,
  price: Price,
): number | undefined {
  const volume = parseDecimal(request.volume);
  if (volume === undefined || !volumeFits(volume, specification)) return 10014;
  if (!specification.fillings.includes(request.filling)) return 10030;
  if (request.position !== '') return checkClose(book, request, volume);
  const direction = refusedDirection(specification, request.side);
  if (direction !== undefined && !reducesOnly(book, request, volume)) return direction;
  const at = fillPrice(price, request.side);
  if (!stopsFit(request, request.side, specification, price, undefined)) return 10016;
  const margin = marginAfter(market, book, specification, request.side, volume, at);
  return compareDecimals(margin, freeMargin(market, book)) > 0 ? 10019 : undefined;
}

function checkClose(book: AccountBook, request: Of<'deal'>, volume: Decimal): number | undefined {
  const held = positionByTicket(book, request.position);
  if (held === undefined) return 10036;
  if (held.symbol !== request.symbol || held.side === request.side) return 10013;
  const open = parseDecimal(held.volume);
  return open === undefined || compareDecimals(volume, open) > 0 ? 10038 : undefined;
}

/** On a netting account an opposite deal within the open volume opens nothing. */
function reducesOnly(book: AccountBook, request: Of<'deal'>, volume: Decimal): boolean {
  if (book.facts.margin !== 'netting') return false;
  const other = request.side === 'buy' ? 'sell' : 'buy';
  return compareDecimals(volume, book.exposure.leg(request.symbol, other).volume) <= 0;
}

function refusedDirection({ tradeMode }: SymbolSpecification, side: Side): number | undefined {
  if (tradeMode === 'close_only') return 10044;
  if (tradeMode === 'long_only' && side === 'sell') return 10042;
  if (tradeMode === 'short_only' && side === 'buy') return 10043;
  return undefined;
}

function checkPending(
  book: AccountBook,
  request: Of<'pending'>,
  specification: SymbolSpecification,
  price: Price,
  now: number,
): number | undefined {
  const volume = parseDecimal(request.volume);
  if (volume === undefined || !volumeFits(volume, specification)) return 10014;
  if (request.filling !== 'return') return 10030;
  const direction = refusedDirection(specification, request.side);
  if (direction !== undefined) return direction;
  if (request.expiresAt !== 0 && request.expiresAt <= now) return 10022;
  const at = parseDecimal(request.price);
  if (at === undefined || !pendingPriceFits(request, at, specification, price)) return 10015;
  if (!stopsFit(request, request.side, specification, price, at)) return 10016;
  return book.working.size >= WORKING_ORDERS_MAX ? 10033 : undefined;
}

function checkStops(
  book: AccountBook,
  request: Of<'sltp'>,
  specification: SymbolSpecification,
  price: Price,
): number | undefined {
  const held = positionByTicket(book, request.position);
  if (held === undefined || held.symbol !== request.symbol) return 10036;
  if (samePrice(held.stopLoss, request.stopLoss) && samePrice(held.takeProfit, request.takeProfit))
    return 10025;
  return stopsFit(request, held.side, specification, price, undefined) ? undefined : 10016;
}

function checkModify(
  book: AccountBook,
  request: Of<'modify'>,
  specification: SymbolSpecification,
  price: Price,
): number | undefined {
  const order = book.working.get(request.order);
  if (order === undefined || order.symbol !== request.symbol) return 10035;
  const same =
    samePrice(order.price, request.price) &&
    samePrice(order.stopLoss, request.stopLoss) &&
    samePrice(order.takeProfit, request.takeProfit);
  if (same) return 10025;
  const at = parseDecimal(request.price);
  const kind = { side: order.side, type: order.type === 'stop' ? ('stop' as const) : ('limit' as const) };
  if (at === undefined || !pendingPriceFits(kind, at, specification, price)) return 10015;
  return stopsFit(request, order.side, specification, price, at) ? undefined : 10016;
}

function volumeFits(volume: Decimal, { volumeMin, volumeMax, volumeStep }: SymbolSpecification): boolean {
  if (compareDecimals(volume, volumeMin) < 0 || compareDecimals(volume, volumeMax) > 0) return false;
  return isMultipleOf(volume, volumeStep);
}

const samePrice = (a: string, b: string): boolean => {
  const [x, y] = [parseDecimal(a), parseDecimal(b)];
  return x !== undefined && y !== undefined && compareDecimals(x, y) === 0;
};

/** A pending order waits on its own side of the market, at least the stops level away. */
function pendingPriceFits(
  { side, type }: { readonly side: Side; readonly type: 'limit' | 'stop' },
  at: Decimal,
  specification: SymbolSpecification,
  price: Price,
): boolean {
  if (at.units <= 0n || !isMultipleOf(at, pointOf(specification))) return false;
  const gap = levelOf(specification);
  const market = fillPrice(price, side);
  const below = (side === 'buy') === (type === 'limit');
  return below
    ? compareDecimals(addDecimals(at, gap), market) <= 0 && compareDecimals(at, market) < 0
    : compareDecimals(subtractDecimals(at, gap), market) >= 0 && compareDecimals(at, market) > 0;
}

/**
 * Stops lie on the losing and the winning side, the stops level away: from the price of a pending order, else from
 * the market (a buy's from the bid, a sell's from the ask).
 */
function stopsFit(
  stops: { readonly stopLoss: string; readonly takeProfit: string },
  side: Side,
  specification: SymbolSpecification,
  price: Price,
  pendingAt: Decimal | undefined,
): boolean {
  const from = pendingAt ?? (side === 'buy' ? price.bid : price.ask);
  const gap = levelOf(specification);
  const fits = (text: string, below: boolean): boolean => {
    const at = parseDecimal(text);
    if (at === undefined || at.units < 0n) return false;
    if (at.units === 0n) return true;
    if (!isMultipleOf(at, pointOf(specification))) return false;
    return below
      ? compareDecimals(at, subtractDecimals(from, gap)) <= 0
      : compareDecimals(at, addDecimals(from, gap)) >= 0;
  };
  return fits(stops.stopLoss, side === 'buy') && fits(stops.takeProfit, side === 'sell');
}

const levelOf = (specification: SymbolSpecification): Decimal =>
  multiplyDecimals({ units: BigInt(specification.stopsLevel), scale: 0 }, pointOf(specification));
