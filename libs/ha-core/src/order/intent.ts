/**
 * The intent: "about to send this through this terminal", durable before anything is sent (I4). It names the
 * terminal, its journal incarnation and its host boot, because only that journal can later prove that the command
 * never arrived (ARCHITECTURE section 7).
 */
import type { Side } from '../signal/signal.ts';

/** What the bridge is asked to do; all that OrderSend needs, and nothing that must be looked up. */
export type BrokerCommand =
  | {
      readonly do: 'deal';
      readonly symbol: string;
      readonly side: Side;
      readonly volume: string;
      readonly stopLoss?: string;
      readonly takeProfit?: string;
      readonly stopLossPoints?: number;
      readonly takeProfitPoints?: number;
      readonly deviationPoints?: number;
    }
  | {
      readonly do: 'pending';
      readonly symbol: string;
      readonly side: Side;
      readonly type: 'limit' | 'stop';
      readonly volume: string;
      readonly price: string;
      readonly stopLoss?: string;
      readonly takeProfit?: string;
      readonly stopLossPoints?: number;
      readonly takeProfitPoints?: number;
    }
  | {
      /** Closes at most `volume` of that position; `side` is the side of the position. Never opens or reverses (I7). */
      readonly do: 'close';
      readonly symbol: string;
      readonly position: string;
      readonly side: Side;
      readonly volume: string;
      readonly deviationPoints?: number;
    }
  | {
      readonly do: 'modify_position';
      readonly symbol: string;
      readonly position: string;
      readonly stopLoss?: string;
      readonly takeProfit?: string;
    }
  | {
      readonly do: 'modify_order';
      readonly symbol: string;
      readonly order: string;
      readonly price?: string;
      readonly stopLoss?: string;
      readonly takeProfit?: string;
    }
  | { readonly do: 'cancel'; readonly symbol: string; readonly order: string };

export type Intent = {
  readonly commandId: string;
  readonly signalId: string;
  readonly attempt: number;
  /** How often the broker itself refused earlier attempts: only these count against the limit. */
  readonly refusals: number;
  readonly magic: string;
  readonly comment: string;
  readonly command: BrokerCommand;
  readonly terminal: string;
  /** The bridge's journal incarnation and host boot at the time of the intent. */
  readonly journal: string;
  readonly boot: string;
  readonly epoch: number;
  readonly at: number;
};

/** Command id = signal id + attempt. `/` cannot occur in a signal id. */
export function commandId(signalId: string, attempt: number): string {
  return `${signalId}/${attempt}`;
}
