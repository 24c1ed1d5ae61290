/** From a command of the protocol to the request that OrderSend takes: what must be looked up is looked up here. */
import {
  addDecimals,
  type BrokerCommand,
  type Decimal,
  decimal,
  formatDecimal,
  multiplyDecimals,
  subtractDecimals,
} from '@holdfast/ha-core';
import { smaller } from '../broker/money.ts';
import type { TradeRequest } from '../broker/requests.ts';
import type { BrokerLink } from '../link/broker-link.ts';

export type Prepared =
  | { readonly is: 'request'; readonly request: TradeRequest }
  /** Nothing to send: the wanted state is there, or what it would change is gone. */
  | { readonly is: 'result'; readonly retcode: number; readonly text: string }
  /** The terminal cannot know what it would have to know: it is not connected, or its lists are not synced. */
  | { readonly is: 'no_broker' };

export type Marks = { readonly magic: string; readonly comment: string };

type Of<Do extends BrokerCommand['do']> = Extract<BrokerCommand, { do: Do }>;

const NO_BROKER: Prepared = { is: 'no_broker' };
const MARKET_FILLING = 'ioc';

/** True when the request can be made without reading anything of the broker. */
export function needsNothing(command: BrokerCommand): boolean {
  if (command.do === 'cancel') return true;
  if (command.do !== 'deal' && command.do !== 'pending') return false;
  return command.stopLossPoints === undefined && command.takeProfitPoints === undefined;
}

/** The request of a command for which `needsNothing` holds. */
export function prepareAtOnce(command: BrokerCommand, marks: Marks): Prepared {
  if (command.do === 'deal') return dealRequest(command, marks, command);
  if (command.do === 'pending') return pendingRequest(command, marks, command);
  if (command.do === 'cancel') {
    return { is: 'request', request: { action: 'remove', symbol: command.symbol, order: command.order } };
  }
  throw new RangeError(`${command.do} needs to read the broker's lists first`);
}

/** The request of any command. Never rejects. */
export async function prepare(broker: BrokerLink, command: BrokerCommand, marks: Marks): Promise<Prepared> {
  switch (command.do) {
    case 'deal':
    case 'pending':
      return needsNothing(command) ? prepareAtOnce(command, marks) : prepareDistances(broker, command, marks);
    case 'close':
      return prepareClose(broker, command, marks);
    case 'modify_position':
      return prepareStops(broker, command);
    case 'modify_order':
      return prepareModify(broker, command);
    case 'cancel':
      return prepareAtOnce(command, marks);
  }
}

type Stops = { readonly stopLoss?: string; readonly takeProfit?: string };

function dealRequest(command: Of<'deal'>, marks: Marks, stops: Stops): Prepared {
  const { symbol, side, volume, deviationPoints = 0 } = command;
  return {
    is: 'request',
    request: {
      action: 'deal',
      symbol,
      side,
      volume,
      stopLoss: stops.stopLoss ?? '0',
      takeProfit: stops.takeProfit ?? '0',
      deviation: deviationPoints,
      filling: MARKET_FILLING,
      position: '',
      ...marks,
    },
  };
}

function pendingRequest(command: Of<'pending'>, marks: Marks, stops: Stops): Prepared {
  const { symbol, side, type, volume, price } = command;
  return {
    is: 'request',
    request: {
      action: 'pending',
      symbol,
      side,
      type,
      volume,
      price,
      stopLoss: stops.stopLoss ?? '0',
      takeProfit: stops.takeProfit ?? '0',
      filling: 'return',
      expiresAt: 0,
      ...marks,
    },
  };
}

/** Distances become prices right before sending: from the pending price, else from the price that the side pays. */
async function prepareDistances(
  broker: BrokerLink,
  command: Of<'deal'> | Of<'pending'>,
  marks: Marks,
): Promise<Prepared> {
  const quote = await broker.quote(command.symbol);
  if (quote === undefined) return NO_BROKER;
  const market = command.side === 'buy' ? quote.ask : quote.bid;
  const from = decimal(command.do === 'pending' ? command.price : market);
  const point: Decimal = { units: 1n, scale: quote.digits };
  const away = (points: number | undefined, price: string | undefined, up: boolean): string | undefined => {
    if (points === undefined) return price;
    const distance = multiplyDecimals({ units: BigInt(points), scale: 0 }, point);
    return formatDecimal(up ? addDecimals(from, distance) : subtractDecimals(from, distance));
  };
  const stopLoss = away(command.stopLossPoints, command.stopLoss, command.side === 'sell');
  const takeProfit = away(command.takeProfitPoints, command.takeProfit, command.side === 'buy');
  const stops: Stops = {
    ...(stopLoss === undefined ? {} : { stopLoss }),
    ...(takeProfit === undefined ? {} : { takeProfit }),
  };
  return command.do === 'deal' ? dealRequest(command, marks, stops) : pendingRequest(command, marks, stops);
}

/** I7: at most what remains of that position, and nothing when it is gone or stands on the other side now. */
async function prepareClose(broker: BrokerLink, command: Of<'close'>, marks: Marks): Promise<Prepared> {
  const held = await broker.position(command.position);
  if (held === undefined) return NO_BROKER;
  if (held === 'gone' || held.symbol !== command.symbol || held.side !== command.side) {
    return { is: 'result', retcode: 10036, text: 'position is gone' };
  }
  const volume = formatDecimal(smaller(decimal(command.volume), decimal(held.volume)));
  return {
    is: 'request',
    request: {
      action: 'deal',
      symbol: command.symbol,
      side: command.side === 'buy' ? 'sell' : 'buy',
      volume,
      stopLoss: '0',
      takeProfit: '0',
      deviation: command.deviationPoints ?? 0,
      filling: MARKET_FILLING,
      position: held.ticket,
      ...marks,
    },
  };
}

async function prepareStops(broker: BrokerLink, command: Of<'modify_position'>): Promise<Prepared> {
  const held = await broker.position(command.position);
  if (held === undefined) return NO_BROKER;
  if (held === 'gone') return { is: 'result', retcode: 10036, text: 'position is gone' };
  const { stopLoss = held.stopLoss, takeProfit = held.takeProfit, symbol } = command;
  return { is: 'request', request: { action: 'sltp', symbol, position: held.ticket, stopLoss, takeProfit } };
}

async function prepareModify(broker: BrokerLink, command: Of<'modify_order'>): Promise<Prepared> {
  const waiting = await broker.order(command.order);
  if (waiting === undefined) return NO_BROKER;
  if (waiting === 'gone') return { is: 'result', retcode: 10035, text: 'order does not wait any more' };
  const { symbol, order, price = waiting.price } = command;
  const { stopLoss = waiting.stopLoss, takeProfit = waiting.takeProfit } = command;
  return { is: 'request', request: { action: 'modify', symbol, order, price, stopLoss, takeProfit } };
}
