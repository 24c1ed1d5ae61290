/** What a takeover starts from: everything of an account, and how its signals stand in Redis. */
import {
  type BrokerLogin,
  type Intent,
  type Position,
  RedisError,
  type RedisReply,
  type Step,
  type WorkingOrder,
} from '@holdfast/ha-core';
import { accountKeys } from './keys.ts';
import { words } from './lease-store.ts';
import type { AcceptedSignal } from './trade-journal.ts';
import type { AcknowledgedWriter } from './writes.ts';

/** Everything of an account that a takeover starts from. */
export type AccountSnapshot = {
  readonly signals: readonly AcceptedSignal[];
  readonly intents: readonly Intent[];
  readonly positions: readonly Position[];
  readonly orders: readonly WorkingOrder[];
  /** Signals whose state is `unknown` or `suspended`, by id. */
  readonly states: ReadonlyMap<string, { readonly state: string; readonly steps: readonly Step[] }>;
  readonly number: number;
  /** Broker time in wall ms up to which deals were recorded; undefined when none were. */
  readonly dealsUntil: number | undefined;
  /** RIS: the terminal that held the trading role last. */
  readonly tradingTerminal: string | undefined;
  /** RIS: the login that the account was traded through last. */
  readonly login: BrokerLogin | undefined;
};

/** Signals read at once when an account is loaded; more stay in RTSS and are read as the first are finished. */
export const LOAD_SIGNALS_MAX = 10_000;

/** Reads the whole account in one acknowledged read; undefined when Redis cannot be reached now. */
export async function loadAccount(
  writer: AcknowledgedWriter,
  account: string,
  reader: string,
): Promise<AccountSnapshot | undefined> {
  const keys = accountKeys(account);
  const mark = { name: 'hf_mark', keys: [keys.marks], args: [reader, 'load'] };
  const outcome = await writer.read(
    [
      ['XRANGE', keys.rtss, '-', '+', 'COUNT', String(LOAD_SIGNALS_MAX)],
      ['HVALS', keys.intents],
      ['HVALS', keys.positions],
      ['HVALS', keys.orders],
      ['HMGET', keys.account, 'number', 'dealsUntil'],
      ['HMGET', keys.instance, 'role', 'login'],
    ],
    mark,
  );
  if (outcome.is !== 'acknowledged') return undefined;
  const [entries, intents, positions, orders, counters, instance] = outcome.replies;
  const failed = outcome.replies.find((reply) => reply instanceof RedisError);
  if (failed !== undefined) return undefined;
  const signals = readEntries(entries);
  const open = [...new Set(words(intents).map((text) => (JSON.parse(text) as Intent).magic))];
  const states = new Map<string, { state: string; steps: Step[] }>();
  if (open.length > 0) {
    const rows = await writer.read(
      open.map((magic) => ['HMGET', keys.signal(magic), 'id', 'state', 'steps'] as const),
      mark,
    );
    if (rows.is !== 'acknowledged') return undefined;
    for (const row of rows.replies) {
      const [id, state, steps] = words(row);
      if (id) states.set(id, { state: state ?? '', steps: readSteps(steps ?? '') });
    }
  }
  const [role, login] = words(instance);
  return {
    signals,
    intents: words(intents).map((text) => JSON.parse(text) as Intent),
    positions: words(positions).map((text) => JSON.parse(text) as Position),
    orders: words(orders).map((text) => JSON.parse(text) as WorkingOrder),
    states,
    number: Number(words(counters)[0] || 0),
    dealsUntil: words(counters)[1] ? Number(words(counters)[1]) : undefined,
    tradingTerminal: role ? (JSON.parse(role) as { terminal: string }).terminal : undefined,
    login: login ? (JSON.parse(login) as BrokerLogin) : undefined,
  };
}

/** The steps field of a signal: one JSON object a line. */
export function readSteps(text: string): Step[] {
  return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as Step);
}

/** Entries of RTSS as XRANGE or XREAD give them. */
export function readEntries(reply: RedisReply | undefined): AcceptedSignal[] {
  if (!Array.isArray(reply)) return [];
  return (reply as readonly RedisReply[]).flatMap((entry) => {
    if (!Array.isArray(entry)) return [];
    const [id, pairs] = entry as readonly RedisReply[];
    const list = words(pairs);
    const field = (name: string): string => {
      for (let i = 0; i < list.length; i += 2) if (list[i] === name) return list[i + 1] ?? '';
      return '';
    };
    return [
      {
        entry: String(id),
        id: field('id'),
        magic: field('magic'),
        body: field('body'),
        acceptedAt: Number(field('at')),
        ttlMs: Number(field('ttl')),
      },
    ];
  });
}
