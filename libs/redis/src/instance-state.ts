/**
 * What an operator sees (I9): leadership, RIS, RTS and the ends of the streams, read from the same keys that the
 * engines write, each read behind a mark of the reader's own so that nothing is shown that could still vanish.
 */
import type {
  Command,
  Intent,
  NumberedRecord,
  Position,
  RedisReply,
  SymbolRules,
  WorkingOrder,
} from '@holdfast/ha-core';
import { accountKeys } from './keys.ts';
import { type LeaderChange, readLeaders } from './leaders.ts';
import { hashOf, readRecord } from './replies.ts';
import { type Pause, pauseOf } from './wishes.ts';
import type { AcknowledgedWriter, FunctionCall } from './writes.ts';

/** An alert that was held back as a repeat: the first one's signal, and how often it came again. */
export type HeldBackAlert = {
  readonly signalId: string;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly times: number;
};

export type AccountState = {
  readonly account: string;
  /** The engine that leads the account; undefined while nobody does. */
  readonly active: string | undefined;
  readonly epoch: string;
  readonly beat: string;
  /** The pause that is in force; undefined for none. */
  readonly pause: Pause | undefined;
  /** The last changes of leader, newest first. */
  readonly leaders: readonly LeaderChange[];
  /** RIS as the engine wrote it: `role`, a field per terminal, `connection`, without the lists of symbols. */
  readonly instance: Readonly<Record<string, unknown>>;
  /** Signals accepted and not yet finished. */
  readonly pending: number;
  /** Ids of signals whose outcome the broker did not confirm. */
  readonly unknown: readonly string[];
  readonly lastNumber: number;
  /** The newest records, newest first. */
  readonly records: readonly NumberedRecord[];
  readonly heldBack: readonly HeldBackAlert[];
};

export type Holdings = { readonly positions: readonly Position[]; readonly orders: readonly WorkingOrder[] };

export type StateReading<Value> =
  | { readonly is: 'read'; readonly value: Value }
  | { readonly is: 'unavailable'; readonly detail: string };

export type InstanceState = {
  /** One account's state with its newest `records` records. Never rejects. */
  readonly account: (account: string, records: number) => Promise<StateReading<AccountState>>;
  /** RTS: open positions and working orders. Never rejects. */
  readonly holdings: (account: string) => Promise<StateReading<Holdings>>;
  /** What the terminals said of their symbols, by symbol; empty before an engine was connected. Never rejects. */
  readonly symbols: (account: string) => Promise<StateReading<ReadonlyMap<string, SymbolRules>>>;
};

/** Most held-back alerts that one reading shows, the newest first. */
const HELD_BACK_MAX = 50;

/** The reader over an acknowledged writer; `reader` names its marks, such as `backend-1`. */
export function createInstanceState(options: {
  readonly writer: AcknowledgedWriter;
  readonly reader: string;
}): InstanceState {
  const { writer } = options;
  const mark = (account: string): FunctionCall => ({
    name: 'hf_mark',
    keys: [accountKeys(account).marks],
    args: [`${options.reader}:state`, 'now'],
  });

  const account: InstanceState['account'] = async (name, records) => {
    const keys = accountKeys(name);
    const read = await writer.read(
      [
        ['HGETALL', keys.lease],
        ['HGETALL', keys.instance],
        ['HGET', keys.account, 'number'],
        ['XLEN', keys.rtss],
        ['HVALS', keys.intents],
        ['XREVRANGE', keys.rtrs, '+', '-', 'COUNT', String(records)],
        ['HVALS', keys.alerts],
        ['HMGET', keys.wishes, ...PAUSE_FIELDS],
        ['HGETALL', keys.leaders],
      ],
      mark(name),
    );
    if (read.is === 'unavailable') return read;
    const [lease, instance, number, pending, intents, newest, alerts, pause, leaders] = read.replies;
    const states = await openStates(writer, name, mark(name), list(intents));
    if (states.is === 'unavailable') return states;
    const leadership = hashOf(lease);
    const holder = leadership.holder ?? '';
    return {
      is: 'read',
      value: {
        account: name,
        active: holder === '' ? undefined : holder,
        epoch: leadership.epoch ?? '0',
        beat: leadership.beat ?? '0',
        pause: pauseOf(pauseFields(pause)),
        leaders: readLeaders(leaders),
        instance: readInstance(hashOf(instance)),
        pending: Number(pending ?? 0),
        unknown: states.value,
        lastNumber: Number(number ?? 0),
        records: list(newest).flatMap((entry) => readRecord(name, entry) ?? []),
        heldBack: list(alerts).flatMap(readHeldBack).sort(newestFirst).slice(0, HELD_BACK_MAX),
      },
    };
  };

  const holdings: InstanceState['holdings'] = async (name) => {
    const keys = accountKeys(name);
    const read = await writer.read(
      [
        ['HVALS', keys.positions],
        ['HVALS', keys.orders],
      ],
      mark(name),
    );
    if (read.is === 'unavailable') return read;
    const [positions, orders] = read.replies.map((reply) =>
      list(reply).map((row) => JSON.parse(String(row))),
    );
    return {
      is: 'read',
      value: { positions: (positions ?? []) as Position[], orders: (orders ?? []) as WorkingOrder[] },
    };
  };

  const symbols: InstanceState['symbols'] = async (name) => {
    const read = await writer.read([['HGETALL', accountKeys(name).instance]], mark(name));
    if (read.is === 'unavailable') return read;
    const rules = new Map<string, SymbolRules>();
    for (const [field, text] of Object.entries(hashOf(read.replies[0]))) {
      if (!field.startsWith(SYMBOLS_PREFIX)) continue;
      for (const rule of JSON.parse(text) as SymbolRules[]) rules.set(rule.symbol, rule);
    }
    return { is: 'read', value: rules };
  };

  return { account, holdings, symbols };
}

const PAUSE_FIELDS = ['paused', 'pausedAt', 'pausedBody'] as const;

function pauseFields(reply: RedisReply | undefined): Record<string, string> {
  return Object.fromEntries(
    list(reply).flatMap((value, index) =>
      typeof value === 'string' ? [[PAUSE_FIELDS[index] ?? '', value] as const] : [],
    ),
  );
}

const SYMBOLS_PREFIX = 'symbols:';

const newestFirst = (a: HeldBackAlert, b: HeldBackAlert): number => b.lastAt - a.lastAt;

function list(reply: RedisReply | undefined): readonly RedisReply[] {
  return Array.isArray(reply) ? reply : [];
}

/** Which of the signals that have an intent are unknown. Only their own hash says so. */
async function openStates(
  writer: AcknowledgedWriter,
  account: string,
  mark: FunctionCall,
  intents: readonly RedisReply[],
): Promise<StateReading<string[]>> {
  if (intents.length === 0) return { is: 'read', value: [] };
  const open = intents.map((text) => JSON.parse(String(text)) as Intent);
  const commands = open.map(
    (intent): Command => ['HGET', accountKeys(account).signal(intent.magic), 'state'],
  );
  const read = await writer.read(commands, mark);
  if (read.is === 'unavailable') return read;
  const unknown = open.filter((_, index) => read.replies[index] === 'unknown');
  return { is: 'read', value: [...new Set(unknown.map((intent) => intent.signalId))] };
}

function readInstance(fields: Record<string, string>): Record<string, unknown> {
  const shown = Object.entries(fields).filter(
    ([field]) => field !== 'writes' && !field.startsWith(SYMBOLS_PREFIX),
  );
  return Object.fromEntries(shown.map(([field, text]) => [field, JSON.parse(text) as unknown]));
}

/** A field of the alerts hash, as functions/alert.lua writes it; only those that counted repeats. */
function readHeldBack(text: RedisReply): HeldBackAlert[] {
  const [firstAt, signalId, times, lastAt] = String(text).split(' ');
  if (signalId === undefined || Number(times) < 2) return [];
  return [{ signalId, firstAt: Number(firstAt), lastAt: Number(lastAt), times: Number(times) - 1 }];
}
