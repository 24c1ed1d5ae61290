/**
 * What the active engine writes of an account, each an acknowledged write that Redis refuses to any but the present
 * leadership (I3): intents (I4), results with their number (I6, I8), further records, states, RIS.
 */
import {
  type Intent,
  type Position,
  type RedisReply,
  type ResultRecord,
  type Step,
  type TradeRecord,
  type WorkingOrder,
} from '@holdfast/ha-core';
import { type AccountSnapshot, loadAccount } from './account-snapshot.ts';
import { accountKeys } from './keys.ts';
import { words } from './lease-store.ts';
import { readRecord } from './replies.ts';
import type { AcknowledgedWriter, FunctionCall } from './writes.ts';

/** A signal as RTSS holds it. */
export type AcceptedSignal = {
  readonly entry: string;
  readonly id: string;
  readonly magic: string;
  /** Canonical JSON. */
  readonly body: string;
  readonly acceptedAt: number;
  readonly ttlMs: number;
};

/**
 * Names an entry of RTSS. Its id alone does not: a primary that did not acknowledge one signal and the primary after it may have
 * given the same id to different signals (seed 8360150).
 */
export const entryName = ({ entry, id }: Pick<AcceptedSignal, 'entry' | 'id'>): string => `${entry} ${id}`;

/** A further record, and the name under which it is written only once (`deal:<ticket>`). */
export type NamedRecord = { readonly name: string; readonly record: TradeRecord };

/** A change of RTS; without a value the row is removed. */
export type RtsChange =
  | { readonly in: 'positions'; readonly key: string; readonly value?: Position }
  | { readonly in: 'orders'; readonly key: string; readonly value?: WorkingOrder }
  /** Up to which broker time (wall ms) deals were recorded. */
  | { readonly in: 'account'; readonly key: 'dealsUntil'; readonly value: number };

export type JournalOutcome =
  /** `written`: how many of the records were not there yet, where records were written. */
  | { readonly is: 'ok'; readonly number?: number; readonly written?: number }
  | { readonly is: 'finished'; readonly number: number }
  | { readonly is: 'stale'; readonly holder: string; readonly epoch: string }
  /** No such signal was ever accepted under that entry: it vanished with a primary, unacknowledged. */
  | { readonly is: 'missing' }
  | { readonly is: 'failed'; readonly certain: boolean; readonly detail: string };

export type Finish = {
  readonly signal: AcceptedSignal;
  readonly result: ResultRecord;
  /** Command ids of its intents, to be removed. */
  readonly intents: readonly string[];
  readonly records: readonly NamedRecord[];
  readonly changes: readonly RtsChange[];
};

export type TradeJournal = {
  /**
   * `replaces`: the command id of the attempt before, whose intent goes with it; '' for the first. `entry`: the one
   * in RTSS that the signal was read from. It goes when the signal turns out to be finished; where the signal has another one, this is
   * `missing`.
   */
  readonly intend: (intent: Intent, step: Step, replaces: string, entry: string) => Promise<JournalOutcome>;
  readonly finish: (finish: Finish) => Promise<JournalOutcome>;
  readonly record: (
    records: readonly NamedRecord[],
    changes: readonly RtsChange[],
  ) => Promise<JournalOutcome>;
  readonly step: (magic: string, state: string, step: Step) => Promise<JournalOutcome>;
  /** RIS: fields of JSON; undefined removes. */
  readonly instance: (fields: Readonly<Record<string, unknown>>) => Promise<JournalOutcome>;
  /** Which signals these magics belong to; magics that are not ours are left out. Empty when Redis cannot be read. */
  readonly signalIds: (magics: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  /** The results of the signals of these magics, of those that have one; undefined when Redis cannot be read. */
  readonly results: (magics: readonly string[]) => Promise<ReadonlyMap<string, ResultRecord> | undefined>;
  /** How a signal stands; undefined when Redis cannot be read. */
  readonly signalState: (magic: string) => Promise<SignalStanding | undefined>;
  /** Reads the whole account in one acknowledged read; undefined when Redis cannot be reached now. */
  readonly load: () => Promise<AccountSnapshot | undefined>;
};

/** `id` is '' where no such signal was ever accepted; `number` is that of its result. */
export type SignalStanding = {
  readonly id: string;
  readonly state: string;
  readonly number: number | undefined;
};

/** The journal of one account under one leadership. `withinMs` bounds the repeats of each write. */
export function createTradeJournal(
  writer: AcknowledgedWriter,
  account: string,
  leadership: { readonly holder: string; readonly epoch: string },
  withinMs: number,
): TradeJournal {
  const keys = accountKeys(account);
  const lead = [leadership.holder, leadership.epoch];
  const put = async (call: FunctionCall): Promise<JournalOutcome> => {
    const outcome = await writer.writeUntil(call, withinMs);
    if (outcome.is === 'acknowledged') return readReply(outcome.reply);
    return { is: 'failed', certain: outcome.is === 'not_stored', detail: outcome.detail };
  };
  const change = (row: RtsChange): string[] => [
    keys[row.in],
    row.key,
    row.value === undefined ? '' : JSON.stringify(row.value),
  ];
  const named = (row: NamedRecord): string[] => [row.name, JSON.stringify(row.record)];
  return {
    intend: (intent, step, replaces, entry) =>
      put({
        name: 'hf_intend',
        keys: [keys.lease, keys.signal(intent.magic), keys.intents, keys.account, keys.rtss],
        args: [...lead, intent.commandId, JSON.stringify(intent), JSON.stringify(step), replaces, entry],
      }),
    finish: ({ signal, result, intents, records, changes }) =>
      put({
        name: 'hf_finish',
        keys: [
          keys.lease,
          keys.signal(signal.magic),
          keys.rtss,
          keys.rtrs,
          keys.account,
          keys.intents,
          keys.recorded,
        ],
        args: [
          ...lead,
          result.outcome,
          JSON.stringify(result),
          signal.entry,
          String(intents.length),
          ...intents,
          String(records.length),
          ...records.flatMap(named),
          String(changes.length),
          ...changes.flatMap(change),
        ],
        knownBefore: (reply) => words(reply)[0] !== 'ok',
      }),
    record: (records, changes) =>
      put({
        name: 'hf_record',
        keys: [keys.lease, keys.rtrs, keys.account, keys.recorded],
        args: [
          ...lead,
          String(records.length),
          ...records.flatMap(named),
          String(changes.length),
          ...changes.flatMap(change),
        ],
      }),
    step: (magic, state, step) =>
      put({
        name: 'hf_step',
        keys: [keys.lease, keys.signal(magic), keys.account],
        args: [...lead, state, JSON.stringify(step)],
      }),
    instance: (fields) =>
      put({
        name: 'hf_instance',
        keys: [keys.lease, keys.instance],
        args: [
          ...lead,
          ...Object.entries(fields).flatMap(([field, value]) => [
            field,
            value === undefined ? '' : JSON.stringify(value),
          ]),
        ],
      }),
    signalIds: async (magics) => {
      const ids = new Map<string, string>();
      if (magics.length === 0) return ids;
      const read = await writer.read(
        magics.map((magic) => ['HGET', keys.signal(magic), 'id'] as const),
        { name: 'hf_mark', keys: [keys.marks], args: [leadership.holder, 'magics'] },
      );
      if (read.is !== 'acknowledged') return ids;
      for (const [index, id] of words(read.replies).entries()) {
        const magic = magics[index];
        if (id !== '' && magic !== undefined) ids.set(magic, id);
      }
      return ids;
    },
    signalState: async (magic) => {
      const read = await writer.read([['HMGET', keys.signal(magic), 'id', 'state', 'number']], {
        name: 'hf_mark',
        keys: [keys.marks],
        args: [leadership.holder, 'signal'],
      });
      if (read.is !== 'acknowledged') return undefined;
      const [id = '', state = '', number = ''] = words(read.replies[0]);
      return { id, state, number: number === '' ? undefined : Number(number) };
    },
    results: (magics) => readResults(writer, account, leadership.holder, magics),
    load: () => loadAccount(writer, account, leadership.holder),
  };
}

function readReply(reply: RedisReply): JournalOutcome {
  const [word, first, second] = words(reply);
  switch (word) {
    case 'ok':
      if (first === undefined) return { is: 'ok' };
      return {
        is: 'ok',
        number: Number(first),
        ...(second === undefined ? {} : { written: Number(second) }),
      };
    case 'repeat':
    case 'finished':
      return { is: 'finished', number: Number(first) };
    case 'missing':
      return { is: 'missing' };
    case 'stale':
      return { is: 'stale', holder: first ?? '', epoch: second ?? '0' };
    default:
      return { is: 'failed', certain: false, detail: `unexpected reply ${JSON.stringify(reply)}` };
  }
}

async function readResults(
  writer: AcknowledgedWriter,
  account: string,
  reader: string,
  magics: readonly string[],
): Promise<ReadonlyMap<string, ResultRecord> | undefined> {
  const results = new Map<string, ResultRecord>();
  if (magics.length === 0) return results;
  const keys = accountKeys(account);
  const mark = { name: 'hf_mark', keys: [keys.marks], args: [reader, 'results'] };
  const numbers = await writer.read(
    magics.map((magic) => ['HGET', keys.signal(magic), 'number'] as const),
    mark,
  );
  if (numbers.is !== 'acknowledged') return undefined;
  const ended = words(numbers.replies).filter((number) => number !== '');
  if (ended.length === 0) return results;
  const rows = await writer.read(
    ended.map((number) => ['XRANGE', keys.rtrs, `${number}-0`, `${number}-0`] as const),
    mark,
  );
  if (rows.is !== 'acknowledged') return undefined;
  for (const reply of rows.replies) {
    const record = readRecord(
      account,
      Array.isArray(reply) ? (reply as readonly RedisReply[])[0] : undefined,
    );
    if (record?.kind === 'result') results.set(record.magic, record);
  }
  return results;
}
