/**
 * The way of a signal into Redis, and the way back to whoever asks what became of it. One function call stores it
 * once (I2); it counts as accepted only when the in-sync set has it (I1); it is shown only after a mark of the
 * reader's own is there too, because an entry that vanishes with the primary would have been seen.
 */
import {
  canonicalSignal,
  type NumberedRecord,
  type OpenState,
  type RedisReply,
  type ResultRecord,
  type Signal,
  type SignalState,
  type Step,
  signalDigest,
  signalMagic,
} from '@holdfast/ha-core';
import { accountKeys } from './keys.ts';
import { hashOf, readRecord } from './replies.ts';
import type { AcknowledgedWriter, FunctionCall, NotStored } from './writes.ts';

export type AcceptOptions = {
  /** Life of the signal from acceptance, in milliseconds. */
  readonly ttlMs: number;
  /** Who accepts: the name of the backend, for the signal's first step. */
  readonly by: string;
  /** How long the write is repeated before the answer is `unknown`, in milliseconds. */
  readonly deadlineMs: number;
};

/**
 * `accepted`, `repeat`, `conflict` and `collision` are acknowledged by the in-sync set. `not_stored`: certainly
 * nothing is there. `unknown`: neither is certain; accept the same again.
 */
export type Acceptance =
  | { readonly is: 'accepted'; readonly at: number; readonly magic: string }
  | {
      readonly is: 'repeat';
      readonly state: SignalState;
      readonly at: number;
      readonly magic: string;
      readonly number?: number;
    }
  | { readonly is: 'conflict' }
  | { readonly is: 'collision'; readonly id: string }
  | { readonly is: 'not_stored'; readonly why: NotStored; readonly detail: string }
  | { readonly is: 'unknown'; readonly detail: string };

/** As a repeat would be answered, or that there is nothing that it could repeat. */
export type Known = Exclude<Acceptance, { is: 'accepted' }> | { readonly is: 'never' };

/** A signal as `GET …/signals/{id}` shows it. */
export type ShownSignal = {
  readonly id: string;
  readonly account: string;
  readonly state: SignalState;
  readonly magic: string;
  readonly acceptedAt: number;
  readonly ttlMs: number;
  readonly steps: readonly Step[];
  /** What was asked for, as long as the signal is open. */
  readonly signal?: Signal;
  readonly result?: ResultRecord & { readonly account: string; readonly number: number };
};

export type Showing =
  | { readonly is: 'found'; readonly signal: ShownSignal }
  | { readonly is: 'not_found' }
  | { readonly is: 'unavailable'; readonly detail: string };

export type AlertWindow =
  | { readonly is: 'first'; readonly id: string; readonly at: number }
  | { readonly is: 'held_back'; readonly id: string; readonly firstAt: number; readonly times: number }
  | { readonly is: 'not_stored'; readonly why: NotStored; readonly detail: string }
  | { readonly is: 'unknown'; readonly detail: string };

export type SignalInbox = {
  /** Stores a signal durably, or says what is there already under its id. Never rejects. */
  readonly accept: (account: string, signal: Signal, options: AcceptOptions) => Promise<Acceptance>;
  /**
   * Whether a signal stands under this id already, also when Redis is out of memory; stores none. `never`: certainly not.
   * Never rejects.
   */
  readonly known: (account: string, signal: Signal, deadlineMs: number) => Promise<Known>;
  /** All that is known of a signal. Never rejects. */
  readonly show: (account: string, id: string) => Promise<Showing>;
  /**
   * The duplicate window of alerts that bring neither an id nor a time (I2): the first of a window gets `id`, a
   * repeat within `windowMs` is told the first's and counted. Never rejects.
   */
  readonly alert: (
    account: string,
    fingerprint: string,
    id: string,
    windowMs: number,
    deadlineMs: number,
  ) => Promise<AlertWindow>;
};

export type SignalInboxOptions = {
  readonly writer: AcknowledgedWriter;
  /** Name of the reader's mark, such as `backend-1`. */
  readonly reader: string;
};

/** The inbox over an acknowledged writer. It holds nothing itself. */
export function createSignalInbox(options: SignalInboxOptions): SignalInbox {
  const { writer } = options;
  const mark = (account: string, position: string): FunctionCall => ({
    name: 'hf_mark',
    keys: [accountKeys(account).marks],
    args: [`${options.reader}:show`, position],
  });

  const accept = async (account: string, signal: Signal, how: AcceptOptions): Promise<Acceptance> => {
    const magic = signalMagic(account, signal.id);
    const outcome = await writer.writeUntil(acceptCall(account, signal, magic, how), how.deadlineMs);
    return outcome.is === 'acknowledged' ? readAcceptance(outcome.reply, magic) : outcome;
  };

  const known: SignalInbox['known'] = async (account, signal, deadlineMs) => {
    const keys = accountKeys(account);
    const magic = signalMagic(account, signal.id);
    const call = {
      name: 'hf_known',
      keys: [keys.signal(magic), keys.account],
      args: [signal.id, signalDigest(signal)],
    };
    const outcome = await writer.writeUntil(call, deadlineMs);
    if (outcome.is !== 'acknowledged') return outcome;
    if (texts(outcome.reply)[0] === 'never') return { is: 'never' };
    const acceptance = readAcceptance(outcome.reply, magic);
    if (acceptance.is === 'accepted') throw new Error('hf_known accepted a signal');
    return acceptance;
  };

  const show = async (account: string, id: string): Promise<Showing> => {
    const keys = accountKeys(account);
    const magic = signalMagic(account, id);
    const first = await writer.read([['HGETALL', keys.signal(magic)]], mark(account, magic));
    if (first.is === 'unavailable') return first;
    const fields = hashOf(first.replies[0]);
    if (fields.id !== id) return { is: 'not_found' };
    const signal = shownSignal(account, magic, fields);
    if (fields.number === undefined) return { is: 'found', signal };
    const entry = `${fields.number}-0`;
    const second = await writer.read([['XRANGE', keys.rtrs, entry, entry]], mark(account, magic));
    if (second.is === 'unavailable') return second;
    const record = readRecord(account, firstEntry(second.replies[0]));
    return { is: 'found', signal: record?.kind === 'result' ? withResult(signal, record) : signal };
  };

  const alert: SignalInbox['alert'] = async (account, fingerprint, id, windowMs, deadlineMs) => {
    const call = {
      name: 'hf_alert',
      keys: [accountKeys(account).alerts],
      args: [fingerprint, id, String(windowMs)],
    };
    const outcome = await writer.writeUntil(call, deadlineMs);
    if (outcome.is !== 'acknowledged') return outcome;
    const [is, firstId, at, times] = texts(outcome.reply);
    // Repeating an unknown attempt finds its own entry; it is the first all the same, the count alone is one too high.
    if (is === 'first' || firstId === id) return { is: 'first', id, at: Number(at) };
    return { is: 'held_back', id: firstId ?? id, firstAt: Number(at), times: Number(times) };
  };

  return { accept, known, show, alert };
}

function acceptCall(account: string, signal: Signal, magic: string, how: AcceptOptions): FunctionCall {
  const keys = accountKeys(account);
  return {
    name: 'hf_accept',
    keys: [keys.signal(magic), keys.rtss, keys.account],
    args: [signal.id, signalDigest(signal), canonicalSignal(signal), magic, String(how.ttlMs), how.by],
    knownBefore: (reply) => texts(reply)[0] !== 'accepted',
  };
}

function readAcceptance(reply: RedisReply, magic: string): Acceptance {
  const [is, first, second, third] = texts(reply);
  switch (is) {
    case 'accepted':
      return { is, at: Number(first), magic };
    case 'repeat': {
      const number = third === undefined || third === '' ? {} : { number: Number(third) };
      return { is, state: (first ?? 'accepted') as SignalState, at: Number(second), magic, ...number };
    }
    case 'conflict':
      return { is };
    case 'collision':
      return { is, id: first ?? '' };
    default:
      throw new Error(`hf_accept or hf_known replied ${JSON.stringify(reply)}`);
  }
}

function texts(reply: RedisReply): (string | undefined)[] {
  return Array.isArray(reply)
    ? reply.map((part: RedisReply) => (part === null ? undefined : String(part)))
    : [];
}

function firstEntry(reply: RedisReply | undefined): RedisReply | undefined {
  return Array.isArray(reply) ? (reply as readonly RedisReply[])[0] : undefined;
}

function shownSignal(account: string, magic: string, fields: Record<string, string>): ShownSignal {
  return {
    id: fields.id ?? '',
    account,
    state: (fields.state ?? 'accepted') as OpenState,
    magic,
    acceptedAt: Number(fields.at),
    ttlMs: Number(fields.ttl),
    steps: (fields.steps ?? '')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Step),
    ...(fields.body === undefined ? {} : { signal: JSON.parse(fields.body) as Signal }),
  };
}

function withResult(signal: ShownSignal, result: NumberedRecord & { kind: 'result' }): ShownSignal {
  return { ...signal, state: result.outcome, steps: result.steps, result };
}
