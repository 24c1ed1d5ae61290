/**
 * Waits until every acknowledged signal has its result. Where one is unknown, a person would look into the broker's
 * records and say what became of it: in a system of the tests' own that is done here, and the signal is named.
 */
import { randomUUID } from 'node:crypto';
import { monotonicMs, pause } from '../clock.ts';
import type { RecordRow } from '../checker/evidence.ts';
import type { Desk } from './desk.ts';

export type Drained = {
  readonly records: ReadonlyMap<string, readonly RecordRow[]>;
  readonly unknown: readonly string[];
};

export type DrainOptions = {
  readonly desk: Desk;
  readonly limitMs: number;
  /** Says what became of unknown signals, by the broker's own ledger. */
  readonly decides: boolean;
  readonly tell: (text: string) => void;
};

const LOOK_EVERY_MS = 100;
/** So long the system may look for proof by itself before a person decides. */
const DECIDE_AFTER_MS = 4000;

/** Resolves when all have their result, or the limit is over: then the checker says what is missing. */
export async function drain({ desk, limitMs, decides, tell }: DrainOptions): Promise<Drained> {
  const beganMs = monotonicMs();
  const records = new Map<string, RecordRow[]>();
  const unknown = new Set<string>();
  for (;;) {
    for (const [account, rows] of await readWithin(desk, limitMs)) {
      records.set(account, [...(records.get(account) ?? []), ...rows]);
    }
    const waiting = openSignals(desk, records);
    const tookMs = monotonicMs() - beganMs;
    if (waiting.length === 0 || tookMs > limitMs) return { records, unknown: [...unknown] };
    if (tookMs > DECIDE_AFTER_MS) {
      for (const { account, id, magic } of await unknownOf(desk, waiting)) {
        if (unknown.has(`${account}/${id}`)) continue;
        unknown.add(`${account}/${id}`);
        if (decides) await decide(desk, { account, id, magic }, tell);
      }
      // Nobody decides here: what is unknown and named stays so.
      if (!decides && waiting.every(({ account, id }) => unknown.has(`${account}/${id}`)))
        return { records, unknown: [...unknown] };
    }
    await pause(LOOK_EVERY_MS);
  }
}

type Waiting = { readonly account: string; readonly id: string; readonly magic: string };

async function readWithin(desk: Desk, limitMs: number): Promise<ReadonlyMap<string, readonly RecordRow[]>> {
  const endMs = monotonicMs() + limitMs;
  for (;;) {
    try {
      return await desk.newRecords();
    } catch (error) {
      if (monotonicMs() > endMs) throw error;
      await pause(LOOK_EVERY_MS);
    }
  }
}

function openSignals(desk: Desk, records: ReadonlyMap<string, readonly RecordRow[]>): readonly Waiting[] {
  const finished = new Set(
    [...records].flatMap(([account, rows]) =>
      rows.flatMap((row) => (row.kind === 'result' ? [`${account}/${row.signalId}`] : [])),
    ),
  );
  return desk.client
    .told()
    .filter(
      ({ account, id, acknowledgedMs }) => acknowledgedMs !== undefined && !finished.has(`${account}/${id}`),
    )
    .map(({ account, id, magic = '' }) => ({ account, id, magic }));
}

async function unknownOf(desk: Desk, waiting: readonly Waiting[]): Promise<readonly Waiting[]> {
  const status = await desk.client.get<{
    accounts: readonly { account: string; unknownSignals: readonly string[] }[];
  }>('/v1/status');
  return waiting.filter(({ account, id }) =>
    status.accounts.some((row) => row.account === account && row.unknownSignals.includes(id)),
  );
}

async function decide(
  desk: Desk,
  { account, id, magic }: Waiting,
  tell: (text: string) => void,
): Promise<void> {
  desk.checker.take(desk.newLedger());
  const outcome = desk.checker.executed(account, magic) ? 'filled' : 'rejected';
  tell(`${account}/${id} is unknown; by the broker's ledger it is ${outcome}`);
  const wish = {
    id: randomUUID(),
    what: 'resolve',
    by: 'chaos',
    reason: "by the broker's own ledger",
    args: { signal: id, outcome },
  };
  const answer = await desk.client.post(`/v1/accounts/${account}/wishes`, wish);
  if (answer.status >= 300) tell(`resolve was answered ${answer.status} ${JSON.stringify(answer.body)}`);
}
