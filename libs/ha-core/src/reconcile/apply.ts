/**
 * RTS right after a command was executed, from what the result alone proves. Where that is not all (the average price of a netted
 * position, a fill whose position is not named), the terminal must be asked.
 */
import { addDecimals, compareDecimals, decimal, formatDecimal, subtractDecimals } from '../signal/decimal.ts';
import type { Execution } from '../order/order-state.ts';
import type { Intent } from '../order/intent.ts';
import type { MarginMode, Position, WorkingOrder } from '../order/position.ts';

export type RtsRow =
  | { readonly in: 'positions'; readonly key: string; readonly value?: Position }
  | { readonly in: 'orders'; readonly key: string; readonly value?: WorkingOrder };

export type Applied = { readonly changes: readonly RtsRow[]; readonly mustAsk: boolean };

const ASK: Applied = { changes: [], mustAsk: true };

/** The changes of RTS that `execution` of `intent` proves. Pure. */
export function applyExecution(
  positions: ReadonlyMap<string, Position>,
  intent: Intent,
  execution: Execution,
  margin: MarginMode,
): Applied {
  const { command } = intent;
  switch (command.do) {
    case 'deal': {
      const known = execution.position !== '' && execution.position !== '0';
      if (!known || command.stopLossPoints || command.takeProfitPoints) return ASK;
      const opened = openedBy(command, intent, execution);
      const held = [...positions.values()].find((row) => row.symbol === command.symbol);
      const isNew = execution.position === execution.order;
      if (margin === 'netting' && held !== undefined) {
        const { position: key } = held;
        if (key === execution.position)
          return { changes: [{ in: 'positions', key, ...netted(held, opened) }], mustAsk: true };
        // A symbol has one position, which keeps its identifier as long as it lives: that one was closed, and nobody had heard of it.
        const added: RtsRow[] = isNew ? [{ in: 'positions', key: opened.position, value: opened }] : [];
        return { changes: [{ in: 'positions', key }, ...added], mustAsk: true };
      }
      // A position is named after the order that opened it: this one was there, and nobody had heard of it.
      if (!isNew) return ASK;
      return { changes: [{ in: 'positions', key: opened.position, value: opened }], mustAsk: false };
    }
    case 'close': {
      const held = positions.get(command.position);
      if (held === undefined) return ASK;
      const left = subtractDecimals(decimal(held.volume), decimal(execution.volume));
      if (left.units <= 0n) return { changes: [{ in: 'positions', key: held.position }], mustAsk: false };
      const value = { ...held, volume: formatDecimal(left) };
      return { changes: [{ in: 'positions', key: held.position, value }], mustAsk: false };
    }
    case 'cancel':
      return { changes: [{ in: 'orders', key: command.order }], mustAsk: false };
    case 'pending':
    case 'modify_position':
    case 'modify_order':
      return ASK;
  }
}

type DealCommand = Extract<Intent['command'], { do: 'deal' }>;

function openedBy(command: DealCommand, { magic, comment }: Intent, execution: Execution): Position {
  return {
    position: execution.position,
    ticket: execution.position,
    symbol: command.symbol,
    side: command.side,
    volume: execution.volume,
    price: execution.price,
    stopLoss: command.stopLoss ?? '0',
    takeProfit: command.takeProfit ?? '0',
    magic,
    comment,
    openedAt: execution.at,
  };
}

/** What is left of a netted position after a deal: more of it, less of it, nothing, or the rest of the deal on the other side. */
function netted(held: Position, deal: Position): { readonly value?: Position } {
  const [had, came] = [decimal(held.volume), decimal(deal.volume)];
  const { magic, comment } = deal;
  if (held.side === deal.side) {
    const stopLoss = deal.stopLoss === '0' ? held.stopLoss : deal.stopLoss;
    const takeProfit = deal.takeProfit === '0' ? held.takeProfit : deal.takeProfit;
    const volume = formatDecimal(addDecimals(had, came));
    return { value: { ...held, volume, stopLoss, takeProfit, magic, comment } };
  }
  const order = compareDecimals(came, had);
  if (order === 0) return {};
  if (order < 0)
    return { value: { ...held, volume: formatDecimal(subtractDecimals(had, came)), magic, comment } };
  return { value: { ...deal, position: held.position, volume: formatDecimal(subtractDecimals(came, had)) } };
}
