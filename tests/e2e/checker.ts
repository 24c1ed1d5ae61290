/**
 * The independent checker: holds what clients were told, the results that the API gives, the broker's ledger, DuckDB
 * and ClickHouse against each other. It imports nothing of Holdfast, so that it cannot share a mistake with it.
 */
import type { Told } from './client.ts';

export type ResultRow = {
  readonly number: number;
  readonly signalId: string;
  readonly outcome: string;
  readonly reason: string;
  readonly magic: string;
  readonly action: string;
  readonly filledVolume?: string;
  readonly tickets: {
    readonly order?: string;
    readonly position?: string;
    readonly deals?: readonly string[];
  };
};

/** A numbered record as a store has it, every field. */
export type StoredRow = { readonly number: number; readonly kind: string } & Readonly<
  Record<string, unknown>
>;

export type LedgerRow = Readonly<Record<string, string | number>>;
export type Ledger = {
  readonly orders: LedgerRow[];
  readonly deals: LedgerRow[];
  readonly positions: LedgerRow[];
};

export type Evidence = {
  readonly account: string;
  readonly told: readonly Told[];
  /** Kind `result` only, from the API. */
  readonly results: readonly ResultRow[];
  /** Every numbered record, from the API. */
  readonly records: readonly StoredRow[];
  readonly ledger: Ledger;
  readonly duckdb: readonly StoredRow[];
  readonly clickhouse: readonly StoredRow[];
};

/** Everything that is wrong, in words; empty when all of it agrees. */
export function check(evidence: Evidence): string[] {
  return [
    ...numbers(evidence),
    ...oneResultEach(evidence),
    ...againstLedger(evidence),
    ...stores(evidence, 'duckdb'),
    ...stores(evidence, 'clickhouse'),
  ].map((fault) => `${evidence.account}: ${fault}`);
}

function numbers({ records }: Evidence): string[] {
  const faults: string[] = [];
  for (const [index, record] of records.entries()) {
    if (record.number !== index + 1) {
      faults.push(`record ${index + 1} expected, ${record.number} found`);
      break;
    }
  }
  return faults;
}

function oneResultEach({ told, results }: Evidence): string[] {
  const faults: string[] = [];
  const counts = new Map<string, number>();
  for (const row of results) counts.set(row.signalId, (counts.get(row.signalId) ?? 0) + 1);
  for (const row of told) {
    const count = counts.get(row.id) ?? 0;
    if (row.acknowledgedAt !== undefined && count !== 1)
      faults.push(`signal ${row.id} was acknowledged and has ${count} results`);
    if (row.statuses.every((status) => status >= 400 && status < 500) && count !== 0) {
      faults.push(`signal ${row.id} was refused (${row.statuses.join(',')}) and has ${count} results`);
    }
  }
  for (const [id, count] of counts) if (count > 1) faults.push(`signal ${id} has ${count} results`);
  return faults;
}

/** Actions whose orders carry the signal's magic. */
const WITH_MAGIC = new Set(['open', 'close']);
const EXECUTED = new Set(['filled', 'partly_filled', 'placed']);

function againstLedger({ account, results, ledger }: Evidence): string[] {
  const faults: string[] = [];
  const orders = new Map<string, LedgerRow[]>();
  for (const order of ledger.orders) {
    if (order.account !== account || String(order.magic) === '0') continue;
    const magic = String(order.magic);
    orders.set(magic, [...(orders.get(magic) ?? []), order]);
  }
  const known = new Map(results.map((row) => [row.magic, row]));
  for (const [magic, rows] of orders) {
    const executed = rows.filter((row) => row.state !== 'rejected');
    if (executed.length > 1) faults.push(`magic ${magic} has ${executed.length} orders at the broker`);
    if (!known.has(magic)) faults.push(`the broker has an order of magic ${magic} that no result tells of`);
  }
  for (const row of results) {
    if (!WITH_MAGIC.has(row.action)) continue;
    const mine = orders.get(row.magic) ?? [];
    const executed = mine.some((order) => order.state !== 'rejected');
    if (EXECUTED.has(row.outcome) && !executed)
      faults.push(`signal ${row.signalId} is ${row.outcome}, the broker has no order of it`);
    if (!EXECUTED.has(row.outcome) && executed && row.outcome !== 'resolved') {
      faults.push(`signal ${row.signalId} is ${row.outcome}, the broker executed it`);
    }
    for (const ticket of row.tickets.deals ?? []) {
      const deal = ledger.deals.find(
        (other) => other.account === account && String(other.deal ?? other.ticket) === ticket,
      );
      if (deal === undefined)
        faults.push(`signal ${row.signalId} names deal ${ticket}, the broker has none such`);
      else if (String(deal.magic) !== row.magic)
        faults.push(`deal ${ticket} of signal ${row.signalId} has magic ${deal.magic}`);
    }
  }
  return faults;
}

/** Row by row: the same numbers, each once, with the same content. */
function stores(evidence: Evidence, name: 'duckdb' | 'clickhouse'): string[] {
  const rows = evidence[name];
  const faults: string[] = [];
  const { records } = evidence;
  if (rows.length !== records.length) faults.push(`${name} has ${rows.length} rows, Redis ${records.length}`);
  const byNumber = new Map(rows.map((row) => [row.number, row]));
  if (byNumber.size !== rows.length) faults.push(`${name} has numbers twice`);
  const differs = records.find((record) => canonical(byNumber.get(record.number)) !== canonical(record));
  if (differs !== undefined) {
    faults.push(
      `${name} row ${differs.number} is ${canonical(byNumber.get(differs.number))}, not ${canonical(differs)}`,
    );
  }
  return faults;
}

/** JSON with sorted keys, without the account, which not every store repeats in the row. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) => {
    if (key === 'account') return undefined;
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
