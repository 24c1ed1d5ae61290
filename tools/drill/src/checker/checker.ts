/**
 * The independent checker: holds what clients were told, the account's numbered records and the broker's ledger against
 * each other. It is asked after every fault, and remembers what it saw before: a signal may be doubled later, too.
 */
import { type Books, createBooks, inMillionths } from './books.ts';
import type { LedgerChange, RecordRow, Told, Verdict } from './evidence.ts';

export type Evidence = {
  /** Of the signals since the last judgement. */
  readonly told: readonly Told[];
  /** New records of each account, in the order in which the API gives them. */
  readonly records: ReadonlyMap<string, readonly RecordRow[]>;
  readonly ledger: readonly LedgerChange[];
  /** Signals that were unknown until a person decided. */
  readonly unknown: readonly string[];
};

export type CheckerOptions = {
  /** The number of each account's last record before the first signal. */
  readonly from: ReadonlyMap<string, number>;
  /** Nobody else trades these accounts: whatever the broker executed must be one of our signals. */
  readonly isAlone: boolean;
  /** What our ids begin with; others' signals are not judged. */
  readonly prefix: string;
};

export type Checker = {
  readonly judge: (evidence: Evidence) => Verdict;
  /** What the broker executed of a signal that was acknowledged with this magic. */
  readonly executed: (account: string, magic: string) => boolean;
  readonly take: (ledger: readonly LedgerChange[]) => void;
};

/** Actions whose orders and deals carry the signal's magic. */
const WITH_MAGIC = new Set(['open', 'close']);
const EXECUTED = new Set(['filled', 'partly_filled', 'placed']);
/** The result says what a person said; the broker's records decide nothing then. */
const SAID_BY_A_PERSON = 'resolved';

type Known = { readonly id: string; readonly account: string; readonly row: RecordRow };
type Findings = { readonly lost: Set<string>; readonly doubled: Set<string>; readonly wrong: string[] };

/** A checker that has seen nothing yet. */
export function createChecker({ from, isAlone, prefix }: CheckerOptions): Checker {
  const books: Books = createBooks();
  const results = new Map<string, Known>();
  const byMagic = new Map<string, Known>();
  const lastNumber = new Map(from);
  const lastEpoch = new Map<string, number>();
  const ours = (id: string | undefined): id is string => id?.startsWith(prefix) === true;

  const read = (account: string, rows: readonly RecordRow[], { doubled, wrong }: Findings): void => {
    for (const row of rows) {
      const expected = (lastNumber.get(account) ?? 0) + 1;
      if (row.number !== expected) wrong.push(`${account}: record ${expected} expected, ${row.number} found`);
      lastNumber.set(account, row.number);
      if (row.epoch !== undefined) {
        const before = lastEpoch.get(account) ?? 0;
        if (row.epoch < before)
          wrong.push(`${account}: record ${row.number} has epoch ${row.epoch}, one before it ${before}`);
        lastEpoch.set(account, Math.max(before, row.epoch));
      }
      if (row.kind !== 'result' || !ours(row.signalId)) continue;
      const known = { id: row.signalId, account, row };
      if (results.has(nameOf(known))) doubled.add(`${nameOf(known)} has two results`);
      results.set(nameOf(known), known);
      byMagic.set(`${account} ${row.magic}`, known);
    }
  };

  const held = ({ told, unknown }: Evidence, { lost, wrong }: Findings): void => {
    const sent = new Map(told.map((row) => [nameOf(row), row]));
    for (const row of told) {
      const known = results.get(nameOf(row));
      // One that is named as unknown waits for a person; it is not lost.
      if (row.acknowledgedMs !== undefined && known === undefined && !unknown.includes(nameOf(row)))
        lost.add(nameOf(row));
      const isRefused =
        row.statuses.length > 0 && row.statuses.every((status) => status >= 400 && status < 500);
      if (isRefused && known !== undefined)
        wrong.push(`${nameOf(row)} was refused (${row.statuses.join(', ')}) and has a result`);
      if (known !== undefined && row.magic !== undefined && known.row.magic !== row.magic)
        wrong.push(
          `${nameOf(row)} was acknowledged with magic ${row.magic}, its result has ${known.row.magic}`,
        );
    }
    for (const [name, { row }] of results) {
      if (!judged.has(name) && !sent.has(name))
        wrong.push(`${name} has a result (${row.outcome}), and nobody sent it`);
      judged.add(name);
    }
  };
  const judged = new Set<string>();

  const traded = (told: readonly Told[], account: string, { doubled, wrong }: Findings): void => {
    const named = new Map(told.flatMap((row) => (row.magic === undefined ? [] : [[row.magic, row.id]])));
    for (const magic of books.touched(account)) {
      const known = byMagic.get(`${account} ${magic}`);
      const id = known?.id ?? named.get(magic);
      const { orders } = books.of(account, magic);
      if (id === undefined) {
        if (isAlone && orders.size > 0)
          wrong.push(
            `${account}: the broker executed an order of magic ${magic}, which no signal of ours has`,
          );
        continue;
      }
      if (orders.size > 1) doubled.add(`${account}/${id} has ${orders.size} orders at the broker`);
      if (known === undefined && orders.size > 0)
        wrong.push(`${account}/${id} was executed and has no result`);
    }
  };

  const agree = ({ account, id, row }: Known, { wrong }: Findings): void => {
    if (row.action === undefined || !WITH_MAGIC.has(row.action) || row.outcome === SAID_BY_A_PERSON) return;
    const { orders, deals } = books.of(account, row.magic ?? '');
    const says = EXECUTED.has(row.outcome ?? '');
    if (says && orders.size === 0)
      wrong.push(`${account}/${id} is ${row.outcome}, the broker has no order of it`);
    if (!says && orders.size > 0) wrong.push(`${account}/${id} is ${row.outcome}, the broker executed it`);
    if (!says) return;
    const volume = [...deals.values()].reduce((sum, one) => sum + one, 0);
    if (row.filledVolume !== undefined && inMillionths(row.filledVolume) !== volume)
      wrong.push(`${account}/${id} filled ${row.filledVolume}, the broker's deals make ${volume / 1e6}`);
    for (const deal of row.tickets?.deals ?? []) {
      if (!deals.has(deal))
        wrong.push(`${account}/${id} names deal ${deal}, which is none of it at the broker`);
    }
  };

  return {
    take: books.take,
    executed: (account, magic) => books.of(account, magic).orders.size > 0,
    judge: (evidence) => {
      const { told, records, ledger, unknown } = evidence;
      const findings: Findings = { lost: new Set(), doubled: new Set(), wrong: [] };
      books.take(ledger);
      for (const [account, rows] of records) read(account, rows, findings);
      held(evidence, findings);
      for (const account of from.keys()) traded(told, account, findings);
      const mine = told.flatMap((row) => results.get(nameOf(row)) ?? []);
      for (const known of mine) agree(known, findings);
      books.settle();
      return {
        acknowledged: told.filter(({ acknowledgedMs }) => acknowledgedMs !== undefined).length,
        executed: mine.filter(({ row }) => EXECUTED.has(row.outcome ?? '')).length,
        lost: [...findings.lost],
        doubled: [...findings.doubled],
        wrong: findings.wrong,
        unknown,
      };
    },
  };
}

function nameOf({ account, id }: { readonly account: string; readonly id: string }): string {
  return `${account}/${id}`;
}
