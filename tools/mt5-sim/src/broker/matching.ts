/** Carrying out a request that passed the checks: market orders are filled, others placed, changed, removed. */
import { type Decimal, decimal, formatDecimal, multiplyDecimals, subtractDecimals } from '@holdfast/ha-core';
import type { Fill } from './fill.ts';
import { type AccountBook, type BrokerOrder, type Change, type Ledger, positionByTicket } from './ledger.ts';
import { fillPrice, type Market, quoteOf } from './market.ts';
import { divideDecimals } from './money.ts';
import { fillHedging } from './positions-hedging.ts';
import { fillNetting } from './positions-netting.ts';
import { bareReply, type TradeReply, type TradeRequest } from './requests.ts';
import type { SymbolSpecification } from './symbols.ts';

/** Longest comment that the broker keeps. */
export const COMMENT_MAX = 31;

export type Execution = { readonly reply: TradeReply; readonly changes: readonly Change[] };

export type ExecutionContext = {
  readonly ledger: Ledger;
  readonly market: Market;
  readonly book: AccountBook;
  readonly terminal: string;
  readonly now: number;
  /** Fill half of a market order and cancel the rest. */
  readonly partial: boolean;
};

/** What the request does. The changes are not applied yet. Throws a RangeError for a request that was not checked. */
export function execute(context: ExecutionContext, request: TradeRequest): Execution {
  switch (request.action) {
    case 'deal':
      return executeDeal(context, request);
    case 'pending':
      return executePending(context, request);
    case 'sltp':
      return executeStops(context, request);
    case 'modify':
      return executeModify(context, request);
    case 'remove':
      return executeRemove(context, request);
  }
}

type Of<Action extends TradeRequest['action']> = Extract<TradeRequest, { action: Action }>;

function executeDeal(context: ExecutionContext, request: Of<'deal'>): Execution {
  const { book, market, ledger, now, terminal } = context;
  const specification = specificationOf(market, request.symbol);
  const price = market.price(request.symbol);
  if (price === undefined) throw new RangeError(`no price of ${request.symbol}`);
  const filled = context.partial ? halfVolume(decimal(request.volume), specification) : request.volume;
  const order = ledger.ticket();
  const fill: Fill = {
    account: book.facts.account,
    order,
    specification,
    side: request.side,
    volume: filled,
    price: formatDecimal(fillPrice(price, request.side)),
    stopLoss: request.stopLoss,
    takeProfit: request.takeProfit,
    magic: request.magic,
    comment: request.comment.slice(0, COMMENT_MAX),
    terminal,
    cause: 'expert',
    position: request.position,
    at: now,
  };
  const outcome = applyFill(context, fill);
  const isPartial = filled !== request.volume;
  const done = orderOf(fill, {
    type: 'market',
    state: isPartial ? 'partial' : 'filled',
    volume: request.volume,
    filled,
    position: request.position === '' ? '' : outcome.position,
  });
  const { bid, ask } = quoteOf(request.symbol, price);
  return {
    changes: [{ is: 'order', order: done }, ...outcome.changes],
    reply: {
      retcode: isPartial ? 10010 : 10009,
      order,
      deal: outcome.deal.deal,
      position: outcome.position,
      volume: filled,
      price: fill.price,
      text: `filled at ${fill.price} (${bid}/${ask})`,
      at: now,
    },
  };
}

/** The changes that a fill makes to the account's positions, by its margin mode. */
export function applyFill(
  { book, ledger }: Pick<ExecutionContext, 'book' | 'ledger'>,
  fill: Fill,
): ReturnType<typeof fillNetting> {
  const dealTicket = ledger.ticket();
  return book.facts.margin === 'netting'
    ? fillNetting(book, fill, dealTicket)
    : fillHedging(book, fill, dealTicket);
}

/** The order of a fill. */
export function orderOf(
  fill: Fill,
  rest: Pick<BrokerOrder, 'type' | 'state' | 'volume' | 'filled' | 'position'>,
): BrokerOrder {
  const { account, order, side, price, stopLoss, takeProfit, magic, comment, terminal, at } = fill;
  return {
    account,
    order,
    symbol: fill.specification.symbol,
    side,
    price,
    stopLoss,
    takeProfit,
    magic,
    comment,
    terminal,
    expiresAt: 0,
    at,
    doneAt: at,
    ...rest,
  };
}

function executePending(context: ExecutionContext, request: Of<'pending'>): Execution {
  const { ledger, book, terminal, now } = context;
  const { symbol, side, type, volume, price, stopLoss, takeProfit, magic, expiresAt } = request;
  const order: BrokerOrder = {
    account: book.facts.account,
    order: ledger.ticket(),
    symbol,
    side,
    type,
    state: 'placed',
    volume,
    filled: '0',
    price,
    stopLoss,
    takeProfit,
    magic,
    comment: request.comment.slice(0, COMMENT_MAX),
    terminal,
    position: '',
    expiresAt,
    at: now,
    doneAt: 0,
  };
  return {
    changes: [{ is: 'order', order }],
    reply: { ...bareReply(10009, 'placed', now), order: order.order, volume, price },
  };
}

function executeStops({ book, now }: ExecutionContext, request: Of<'sltp'>): Execution {
  const held = positionByTicket(book, request.position);
  if (held === undefined) throw new RangeError(`no position ${request.position}`);
  const { stopLoss, takeProfit } = request;
  return {
    changes: [{ is: 'position', position: { ...held, stopLoss, takeProfit } }],
    reply: { ...bareReply(10009, 'stops changed', now), position: held.position },
  };
}

function executeModify({ book, now }: ExecutionContext, request: Of<'modify'>): Execution {
  const order = book.working.get(request.order);
  if (order === undefined) throw new RangeError(`no working order ${request.order}`);
  const { price, stopLoss, takeProfit } = request;
  return {
    changes: [{ is: 'order', order: { ...order, price, stopLoss, takeProfit } }],
    reply: { ...bareReply(10009, 'order changed', now), order: order.order, price },
  };
}

function executeRemove({ book, now }: ExecutionContext, request: Of<'remove'>): Execution {
  const order = book.working.get(request.order);
  if (order === undefined) throw new RangeError(`no working order ${request.order}`);
  return {
    changes: [{ is: 'order', order: { ...order, state: 'cancelled', doneAt: now } }],
    reply: { ...bareReply(10009, 'order removed', now), order: order.order },
  };
}

/** Half of the volume on the symbol's step, at least its minimum; the whole when there is no less. */
function halfVolume(volume: Decimal, { volumeStep, volumeMin }: SymbolSpecification): string {
  const steps = divideDecimals(volume, volumeStep, 0).units / 2n;
  const half = multiplyDecimals({ units: steps, scale: 0 }, volumeStep);
  return formatDecimal(subtractDecimals(half, volumeMin).units < 0n ? volume : half);
}

function specificationOf(market: Market, symbol: string): SymbolSpecification {
  const specification = market.specifications.get(symbol);
  if (specification === undefined) throw new RangeError(`no symbol ${symbol}`);
  return specification;
}
