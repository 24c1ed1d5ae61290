/**
 * The last check before an intent: is the signal something that this account may send now, and what exactly is sent?
 * A refusal here is a certain NO: nothing left for the broker. Limits per account (volumes, exposure, rates) belong
 * here when they come.
 *
 * Upholds the second half of I7: a close is bound to one position and at most its remaining volume, so it can never
 * open or reverse one.
 */
import { compareDecimals, decimal, isMultipleOf } from '../signal/decimal.ts';
import type { Signal } from '../signal/signal.ts';
import type { BrokerCommand } from '../order/intent.ts';
import type { ReasonCode } from '../order/outcome.ts';
import type { Position, SymbolRules, WorkingOrder } from '../order/position.ts';

export type Holdings = {
  readonly positions: readonly Position[];
  readonly orders: readonly WorkingOrder[];
  readonly symbols: ReadonlyMap<string, SymbolRules>;
};

export type Admission =
  | { readonly is: 'command'; readonly command: BrokerCommand }
  | { readonly is: 'refused'; readonly reason: ReasonCode; readonly detail: string };

const refuse = (reason: ReasonCode, detail: string): Admission => ({ is: 'refused', reason, detail });

/** Turns a signal into the one command that carries it out, or refuses it. Pure. */
export function admit(signal: Signal, holdings: Holdings): Admission {
  const rules = holdings.symbols.get(signal.symbol);
  if (rules === undefined) return refuse('unknown_symbol', `the terminal has no symbol ${signal.symbol}`);
  switch (signal.action) {
    case 'open':
      return admitOpen(signal, rules);
    case 'close':
      return admitClose(signal, rules, holdings);
    case 'modify':
      return admitModify(signal, rules, holdings);
    case 'cancel': {
      const order = findOrder(signal, holdings);
      if (order === undefined)
        return refuse('order_not_found', `no working order ${signal.order} of ${signal.symbol}`);
      return { is: 'command', command: { do: 'cancel', symbol: signal.symbol, order: order.order } };
    }
  }
}

function admitOpen(signal: Signal, rules: SymbolRules): Admission {
  const { side, volume } = signal;
  if (side === undefined || volume === undefined) return refuse('poison', 'an open without side or volume');
  const mode = rules.tradeMode;
  const closed =
    mode === 'disabled' ||
    mode === 'close_only' ||
    (mode === 'long_only' && side === 'sell') ||
    (mode === 'short_only' && side === 'buy');
  if (closed) return refuse('trade_mode', `${signal.symbol} is ${mode}`);
  const wrong = wrongVolume(volume, rules) ?? wrongPrice(signal, rules);
  if (wrong !== undefined) return wrong;
  const stops = {
    ...(signal.stopLoss === undefined ? {} : { stopLoss: signal.stopLoss }),
    ...(signal.takeProfit === undefined ? {} : { takeProfit: signal.takeProfit }),
    ...(signal.stopLossPoints === undefined ? {} : { stopLossPoints: signal.stopLossPoints }),
    ...(signal.takeProfitPoints === undefined ? {} : { takeProfitPoints: signal.takeProfitPoints }),
  };
  const type = signal.type ?? 'market';
  if (type === 'market') {
    const deviation = signal.deviationPoints === undefined ? {} : { deviationPoints: signal.deviationPoints };
    return {
      is: 'command',
      command: { do: 'deal', symbol: signal.symbol, side, volume, ...stops, ...deviation },
    };
  }
  const price = signal.price ?? '0';
  return {
    is: 'command',
    command: { do: 'pending', symbol: signal.symbol, side, type, volume, price, ...stops },
  };
}

function wrongVolume(volume: string, rules: SymbolRules): Admission | undefined {
  const lots = decimal(volume);
  if (compareDecimals(lots, decimal(rules.volumeMin)) < 0) {
    return refuse('volume_below_minimum', `volume ${volume}, expected at least ${rules.volumeMin}`);
  }
  if (compareDecimals(lots, decimal(rules.volumeMax)) > 0) {
    return refuse('volume_above_maximum', `volume ${volume}, expected at most ${rules.volumeMax}`);
  }
  if (!isMultipleOf(lots, decimal(rules.volumeStep))) {
    return refuse('volume_off_step', `volume ${volume}, expected a multiple of ${rules.volumeStep}`);
  }
  return undefined;
}

function wrongPrice(signal: Signal, rules: SymbolRules): Admission | undefined {
  const step = { units: 1n, scale: rules.digits };
  for (const field of ['price', 'stopLoss', 'takeProfit'] as const) {
    const value = signal[field];
    if (value !== undefined && !isMultipleOf(decimal(value), step)) {
      return refuse('price_off_step', `${field} ${value}, expected at most ${rules.digits} decimal digits`);
    }
  }
  return undefined;
}

function admitClose(signal: Signal, rules: SymbolRules, holdings: Holdings): Admission {
  const ofSymbol = holdings.positions.filter((position) => position.symbol === signal.symbol);
  const matching = ofSymbol.filter((position) =>
    signal.position === undefined
      ? signal.side === undefined || position.side === signal.side
      : position.position === signal.position || position.ticket === signal.position,
  );
  const [position, second] = matching;
  if (position === undefined) {
    const wanted = signal.position ?? `${signal.side ?? 'any'} side`;
    return refuse('position_not_found', `no open position of ${signal.symbol}: ${wanted}`);
  }
  if (second !== undefined) {
    return refuse('position_ambiguous', `${matching.length} open positions of ${signal.symbol}: name one`);
  }
  if (signal.position !== undefined && signal.side !== undefined && signal.side !== position.side) {
    return refuse(
      'position_not_found',
      `position ${signal.position} is a ${position.side}, not a ${signal.side}`,
    );
  }
  const volume = signal.volume ?? position.volume;
  if (compareDecimals(decimal(volume), decimal(position.volume)) > 0) {
    return refuse('close_volume_above_position', `volume ${volume}, the position has ${position.volume}`);
  }
  if (signal.volume !== undefined) {
    const wrong = wrongVolume(signal.volume, rules);
    if (wrong !== undefined) return wrong;
  }
  const deviation = signal.deviationPoints === undefined ? {} : { deviationPoints: signal.deviationPoints };
  return {
    is: 'command',
    command: {
      do: 'close',
      symbol: signal.symbol,
      position: position.position,
      side: position.side,
      volume,
      ...deviation,
    },
  };
}

function admitModify(signal: Signal, rules: SymbolRules, holdings: Holdings): Admission {
  const wrong = wrongPrice(signal, rules);
  if (wrong !== undefined) return wrong;
  const stops = {
    ...(signal.stopLoss === undefined ? {} : { stopLoss: signal.stopLoss }),
    ...(signal.takeProfit === undefined ? {} : { takeProfit: signal.takeProfit }),
  };
  if (signal.order !== undefined) {
    const order = findOrder(signal, holdings);
    if (order === undefined)
      return refuse('order_not_found', `no working order ${signal.order} of ${signal.symbol}`);
    const price = signal.price === undefined ? {} : { price: signal.price };
    return {
      is: 'command',
      command: { do: 'modify_order', symbol: signal.symbol, order: order.order, ...price, ...stops },
    };
  }
  const position = holdings.positions.find(
    (held) =>
      held.symbol === signal.symbol && (held.position === signal.position || held.ticket === signal.position),
  );
  if (position === undefined) {
    return refuse('position_not_found', `no open position ${signal.position} of ${signal.symbol}`);
  }
  return {
    is: 'command',
    command: { do: 'modify_position', symbol: signal.symbol, position: position.position, ...stops },
  };
}

function findOrder(signal: Signal, holdings: Holdings): WorkingOrder | undefined {
  return holdings.orders.find((order) => order.symbol === signal.symbol && order.order === signal.order);
}
