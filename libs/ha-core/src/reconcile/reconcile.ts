/**
 * RTS against the terminal's own lists (I9: what is shown is what the engine acts on; ARCHITECTURE section 7).
 *
 * The terminal is right about what exists at the broker; RTS is right about what we know of it. The result says for
 * each row whether it matched, is missing at the broker, is extra there (manual trades: shown and left alone), or
 * differs; and which changes bring RTS in line.
 */
import type { Position, WorkingOrder } from '../order/position.ts';

export type Difference = {
  readonly what: 'position' | 'order';
  readonly key: string;
  readonly finding: 'ours_missing' | 'broker_extra' | 'differing';
  readonly detail: string;
};

export type Reconciliation = {
  readonly matched: number;
  readonly differences: readonly Difference[];
  readonly positions: ReadonlyMap<string, Position>;
  readonly orders: ReadonlyMap<string, WorkingOrder>;
  /** Rows of RTS to write (value) or to remove (undefined). */
  readonly changes: readonly (
    | { readonly in: 'positions'; readonly key: string; readonly value?: Position }
    | { readonly in: 'orders'; readonly key: string; readonly value?: WorkingOrder }
  )[];
};

/**
 * Compares field by field. The average price of a netted position is the broker's business: it is taken over, and no difference.
 * Pure; call it only with lists that the terminal says are synced.
 */
export function reconcile(
  ours: {
    readonly positions: ReadonlyMap<string, Position>;
    readonly orders: ReadonlyMap<string, WorkingOrder>;
  },
  broker: { readonly positions: readonly Position[]; readonly orders: readonly WorkingOrder[] },
): Reconciliation {
  const positions = new Map(broker.positions.map((row) => [row.position, row]));
  const orders = new Map(broker.orders.map((row) => [row.order, row]));
  const ofPositions = compare('position', ours.positions, positions);
  const ofOrders = compare('order', ours.orders, orders);
  return {
    matched: ofPositions.matched + ofOrders.matched,
    differences: [...ofPositions.differences, ...ofOrders.differences],
    positions,
    orders,
    changes: [
      ...ofPositions.changed.map((key) => {
        const value = positions.get(key);
        return { in: 'positions' as const, key, ...(value === undefined ? {} : { value }) };
      }),
      ...ofOrders.changed.map((key) => {
        const value = orders.get(key);
        return { in: 'orders' as const, key, ...(value === undefined ? {} : { value }) };
      }),
    ],
  };
}

/** A row in words. */
export function heldText({ side, volume, symbol }: Held): string {
  return `${side} ${volume} ${symbol}`;
}

type Held = { readonly side: string; readonly volume: string; readonly symbol: string };

function compare<Row extends Held>(
  what: Difference['what'],
  ours: ReadonlyMap<string, Row>,
  broker: ReadonlyMap<string, Row>,
): { matched: number; differences: Difference[]; changed: string[] } {
  const differences: Difference[] = [];
  const changed: string[] = [];
  let matched = 0;
  const found = (key: string, finding: Difference['finding'], detail: string): void => {
    differences.push({ what, key, finding, detail });
    changed.push(key);
  };
  for (const [key, row] of ours) {
    const other = broker.get(key);
    if (other === undefined) {
      found(key, 'ours_missing', heldText(row));
      continue;
    }
    const fields = differingFields(row, other);
    const told = what === 'position' ? fields.filter(({ field }) => field !== 'price') : fields;
    if (told.length > 0) found(key, 'differing', told.map(({ text }) => text).join(', '));
    else {
      matched += 1;
      if (fields.length > 0) changed.push(key);
    }
  }
  for (const [key, row] of broker) {
    if (!ours.has(key)) found(key, 'broker_extra', heldText(row));
  }
  return { matched, differences, changed };
}

function differingFields(ours: object, broker: object): { field: string; text: string }[] {
  const b = broker as Record<string, unknown>;
  return Object.entries(ours)
    .filter(([field, value]) => b[field] !== value)
    .map(([field, value]) => ({
      field,
      text: `${field}: ours ${String(value)}, broker ${String(b[field])}`,
    }));
}
