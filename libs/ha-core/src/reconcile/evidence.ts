/**
 * What the broker's own records prove about a command whose outcome is unknown (I5). Deals and orders carry the
 * signal's magic; a position scan would prove nothing on a netting account, where two signals merge into one position.
 * Modify and cancel carry no magic: their proof is the ticket and the wanted state.
 */
import { addDecimals, compareDecimals, decimal, formatDecimal } from '../signal/decimal.ts';
import type { Execution } from '../order/order-state.ts';
import type { Intent } from '../order/intent.ts';
import type { Deal, Position, WorkingOrder } from '../order/position.ts';

/** An order that is no longer working, as the terminal's history has it. */
export type ClosedOrder = {
  readonly order: string;
  readonly state: 'filled' | 'partial' | 'cancelled' | 'expired' | 'rejected';
  readonly filled: string;
  readonly magic: string;
};

export type BrokerRecords = {
  readonly deals: readonly Deal[];
  readonly done: readonly ClosedOrder[];
  readonly orders: readonly WorkingOrder[];
  readonly positions: readonly Position[];
};

export type Proof =
  | { readonly is: 'executed'; readonly execution: Execution }
  | { readonly is: 'not_executed'; readonly detail: string }
  /** Nothing found. That proves nothing: lists lag, and time alone is no proof. */
  | { readonly is: 'none' };

/** Looks for proof of what became of `intent`. Pure. */
export function findProof(intent: Intent, records: BrokerRecords): Proof {
  const { command } = intent;
  switch (command.do) {
    case 'deal':
    case 'close':
      return ofDeals(intent, records);
    case 'pending':
      return ofPending(intent, records);
    case 'modify_position': {
      const position = records.positions.find((row) => row.position === command.position);
      if (position === undefined) return { is: 'none' };
      const reached =
        equal(command.stopLoss, position.stopLoss) && equal(command.takeProfit, position.takeProfit);
      return reached ? executed({ position: position.position }) : { is: 'none' };
    }
    case 'modify_order': {
      const order = records.orders.find((row) => row.order === command.order);
      if (order === undefined) return { is: 'none' };
      const reached =
        equal(command.stopLoss, order.stopLoss) &&
        equal(command.takeProfit, order.takeProfit) &&
        equal(command.price, order.price);
      return reached ? executed({ order: order.order }) : { is: 'none' };
    }
    case 'cancel': {
      const order = records.done.find((row) => row.order === command.order);
      if (order === undefined) return { is: 'none' };
      if (order.state === 'cancelled') return executed({ order: order.order });
      return { is: 'not_executed', detail: `the order was ${order.state} before` };
    }
  }
}

function ofDeals(intent: Intent, records: BrokerRecords): Proof {
  // A stop loss or take profit closes with the magic of the position: only what an Expert Advisor sent is our command.
  const deals = records.deals.filter((deal) => deal.magic === intent.magic && deal.cause === 'expert');
  const [first] = deals;
  if (first !== undefined) {
    const volume = deals.map((deal) => decimal(deal.volume)).reduce(addDecimals);
    return executed({
      order: first.order,
      deal: first.deal,
      position: first.position,
      volume: formatDecimal(volume),
      price: first.price,
      at: first.at,
    });
  }
  const refused = records.done.find(
    (order) => order.magic === intent.magic && decimal(order.filled).units === 0n,
  );
  if (refused !== undefined && refused.state !== 'filled') {
    return { is: 'not_executed', detail: `the broker's order ${refused.order} is ${refused.state}` };
  }
  return { is: 'none' };
}

function ofPending(intent: Intent, records: BrokerRecords): Proof {
  const working = records.orders.find((order) => order.magic === intent.magic);
  if (working !== undefined)
    return executed({ order: working.order, volume: working.volume, price: working.price });
  const done = records.done.find((order) => order.magic === intent.magic);
  if (done === undefined) return { is: 'none' };
  if (done.state === 'rejected')
    return { is: 'not_executed', detail: `the broker's order ${done.order} is rejected` };
  return executed({ order: done.order });
}

function executed(known: Partial<Execution>): Proof {
  const nothing = {
    retcode: 10009,
    order: '0',
    deal: '0',
    position: '0',
    volume: '0',
    price: '0',
    text: '',
    at: 0,
  };
  return { is: 'executed', execution: { ...nothing, ...known } };
}

function equal(wanted: string | undefined, is: string): boolean {
  return wanted === undefined || compareDecimals(decimal(wanted), decimal(is)) === 0;
}
