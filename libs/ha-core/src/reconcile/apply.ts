/**
 * RTS right after a command was executed, from what the result alone proves. Where it does not (a netting account that
 * had a position already, a fill whose position is not named), the rows are left and the terminal must be asked.
 */
import { decimal, formatDecimal, subtractDecimals } from '../signal/decimal.ts';
import type { Execution } from '../order/order.ts';
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
      const holds = [...positions.values()].some((row) => row.symbol === command.symbol);
      if (!known || (margin === 'netting' && holds) || command.stopLossPoints || command.takeProfitPoints)
        return ASK;
      const value: Position = {
        position: execution.position,
        ticket: execution.position,
        symbol: command.symbol,
        side: command.side,
        volume: execution.volume,
        price: execution.price,
        stopLoss: command.stopLoss ?? '0',
        takeProfit: command.takeProfit ?? '0',
        magic: intent.magic,
        comment: intent.comment,
        openedAt: execution.at,
      };
      return { changes: [{ in: 'positions', key: value.position, value }], mustAsk: false };
    }
    case 'close': {
      const held = [...positions.values()].find((row) => row.ticket === command.position);
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
