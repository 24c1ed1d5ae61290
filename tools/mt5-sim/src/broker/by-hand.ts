/** What happens at a broker that no terminal asked for: people trade by hand, and the broker corrects its own book. */
import { compareDecimals, decimal, formatDecimal, type Side, subtractDecimals } from '@holdfast/ha-core';
import type { Fill } from './fill.ts';
import type { BrokerPosition, Change } from './ledger.ts';
import { fillPrice } from './market.ts';
import { applyFill, orderOf } from './matching.ts';
import { closeAt, type Trigger } from './triggers.ts';

export type Scene = Omit<Trigger, 'specification' | 'price'>;

/** Somebody closes the position with this identifier. Nothing happens where there is none. */
export function closeByHand(scene: Scene, identifier: string): void {
  const held = scene.book.positions.get(identifier);
  if (held !== undefined) closeAt(scene, held, 'client');
}

/** Somebody opens a position at the market. Nothing happens where the symbol or its price is unknown. */
export function openByHand(
  scene: Scene,
  { symbol, side, volume }: { readonly symbol: string; readonly side: Side; readonly volume?: string },
): void {
  const { market, ledger, book, now } = scene;
  const specification = market.specifications.get(symbol);
  const price = market.price(symbol);
  if (specification === undefined || price === undefined) return;
  const fill: Fill = {
    account: book.facts.account,
    order: ledger.ticket(),
    specification,
    side,
    volume: volume ?? formatDecimal(specification.volumeMin),
    price: formatDecimal(fillPrice(price, side)),
    stopLoss: '0',
    takeProfit: '0',
    magic: '0',
    comment: '',
    terminal: '',
    cause: 'client',
    position: '',
    at: now,
  };
  const outcome = applyFill(scene, fill);
  const rest = { type: 'market', state: 'filled', volume: fill.volume, filled: fill.volume } as const;
  scene.commit([
    { is: 'order', order: orderOf(fill, { ...rest, position: outcome.position }) },
    ...outcome.changes,
  ]);
}

/** The position gets a new ticket, as a swap by re-opening gives it; its identifier stays. */
export function changeTicket({ book, ledger, commit }: Scene, identifier: string): void {
  const held = book.positions.get(identifier);
  if (held !== undefined) commit([{ is: 'position', position: { ...held, ticket: ledger.ticket() } }]);
}

/** The broker takes back a deal, and what it opened. Nothing happens unless all of that is still open. */
export function takeBack({ book, commit }: Scene, ticket: string): void {
  const deal = book.deals.find((row) => row.deal === ticket);
  if (deal === undefined || deal.cancelled === true || deal.entry !== 'in') return;
  const held = book.positions.get(deal.position);
  if (held?.side !== deal.side || compareDecimals(decimal(held.volume), decimal(deal.volume)) < 0) return;
  commit([{ is: 'deal', deal: { ...deal, cancelled: true } }, without(held, deal.volume)]);
}

function without(held: BrokerPosition, volume: string): Change {
  const left = subtractDecimals(decimal(held.volume), decimal(volume));
  if (left.units === 0n) return { is: 'position_gone', position: held };
  return { is: 'position', position: { ...held, volume: formatDecimal(left) } };
}
