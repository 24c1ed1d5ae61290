/**
 * A signal's way through the backend: checked against what the account may trade, stored durably, answered. The
 * answer is true by I1: accepted only when the in-sync set has it, `not stored` only when that is certain, and
 * `acceptance_unknown` otherwise, while the write goes on being repeated.
 */
import {
  canonicalSignal,
  compareDecimals,
  decimal,
  type FieldError,
  type Host,
  isMultipleOf,
  LIMITS,
  type Signal,
  type SignalState,
  type SymbolRules,
  shownValue,
} from '@holdfast/ha-core';
import type { Acceptance, SignalInbox } from '@holdfast/redis';
import { Refusal } from './answers.ts';
import type { AcceptanceRepeater } from './acceptance-repeater.ts';
import type { Log } from './log.ts';
import type { Admission, MemoryGate } from './memory-gate.ts';

/** What the backend knows of an account that signals may name. */
export type TradedAccount = { readonly account: string; readonly symbols: readonly string[] };

export type AcceptedAnswer = {
  readonly id: string;
  readonly account: string;
  readonly state: SignalState;
  readonly magic: string;
  readonly acceptedAt: number;
  /** True when the id was known already: nothing was stored again. */
  readonly repeat: boolean;
  readonly number?: number;
};

export type AcceptanceOptions = {
  readonly name: string;
  readonly host: Host;
  readonly log: Log;
  readonly inbox: SignalInbox;
  readonly repeater: AcceptanceRepeater;
  /** What a terminal said of a symbol; undefined as long as nobody knows. */
  readonly rules: (account: string, symbol: string) => SymbolRules | undefined;
  /** Whether a signal that opens may still be stored, by how full Redis's memory is. */
  readonly memory: Pick<MemoryGate, 'admit'>;
  /** A signal that opens was refused for that: a newer reading would be welcome. */
  readonly onMemoryHigh?: () => void;
  /** Called with the outcome and how long it took. */
  readonly onAnswered: (outcome: Acceptance['is'] | 'refused', tookMs: number) => void;
  readonly deadlineMs?: number;
};

export type AcceptSignal = (
  account: TradedAccount,
  signal: Signal,
  how?: { readonly ttlMs?: number; readonly deadlineMs?: number },
) => Promise<AcceptedAnswer>;

/** Makes the function that accepts one checked signal, or throws the Refusal that says why not. */
export function createAcceptance(options: AcceptanceOptions): AcceptSignal {
  const { host, log } = options;
  let waiting = 0;

  return async (account, signal, how = {}) => {
    const startedMs = host.monotonicMs();
    const wrong = wrongForAccount(account, signal, options.rules(account.account, signal.symbol));
    if (wrong.length > 0) {
      options.onAnswered('refused', host.monotonicMs() - startedMs);
      throw new Refusal(422, 'invalid_signal', 'the signal does not fit the account', wrong, {
        id: signal.id,
      });
    }
    if (waiting >= LIMITS.waitingCallsMax) {
      throw new Refusal(429, 'too_many_requests', `${waiting} signals are waiting already`, [], {
        id: signal.id,
        headers: { 'retry-after': '1' },
      });
    }
    const ttlMs = how.ttlMs ?? signal.ttlMs ?? (signal.action === 'close' ? LIMITS.closeTtlMs : LIMITS.ttlMs);
    const deadlineMs = how.deadlineMs ?? options.deadlineMs ?? LIMITS.acceptanceDeadlineMs;
    waiting += 1;
    let acceptance: Acceptance | NoMemory;
    try {
      acceptance = await store(options, account.account, signal, { ttlMs, deadlineMs });
    } finally {
      waiting -= 1;
    }
    const tookMs = host.monotonicMs() - startedMs;
    options.onAnswered(acceptance.is === 'no_memory' ? 'not_stored' : acceptance.is, tookMs);
    log.debug(
      { signalId: signal.id, account: account.account, is: acceptance.is, tookMs },
      'signal answered',
    );
    if (acceptance.is === 'unknown') {
      options.repeater.keep({ account: account.account, signal, ttlMs, sinceMs: startedMs });
    }
    return answer(account.account, signal, acceptance);
  };
}

/** Not stored for want of memory, and certainly not by an attempt before either. */
type NoMemory = {
  readonly is: 'no_memory';
  readonly code: 'memory_high' | 'memory_full';
  readonly message: string;
};

/**
 * Stores it, unless the memory is too full. A refusal means that nothing is stored, so before one the id is looked up:
 * the client may be repeating what was stored already (I1, I2).
 */
async function store(
  options: AcceptanceOptions,
  account: string,
  signal: Signal,
  how: { readonly ttlMs: number; readonly deadlineMs: number },
): Promise<Acceptance | NoMemory> {
  const { inbox, host } = options;
  const endMs = host.monotonicMs() + how.deadlineMs;
  const admission: Admission =
    signal.action === 'open'
      ? options.memory.admit(canonicalSignal(signal).length)
      : { is: 'admitted', over: () => undefined };
  if (admission.is === 'refused') {
    options.onMemoryHigh?.();
    return unlessKnown(options, account, signal, how.deadlineMs, {
      is: 'no_memory',
      code: 'memory_high',
      message: `Redis's memory is ${admission.usedPercent === undefined ? 'not known yet' : `at ${admission.usedPercent.toFixed(1)} %`}: signals that open are refused; nothing was stored`,
    });
  }
  const acceptance = await inbox.accept(account, signal, { ...how, by: options.name });
  admission.over();
  if (acceptance.is !== 'not_stored' || acceptance.why !== 'out_of_memory') return acceptance;
  return unlessKnown(options, account, signal, Math.max(LEAST_MS, endMs - host.monotonicMs()), {
    is: 'no_memory',
    code: 'memory_full',
    message: 'Redis has no memory left; nothing was stored',
  });
}

async function unlessKnown(
  { inbox }: AcceptanceOptions,
  account: string,
  signal: Signal,
  deadlineMs: number,
  refusal: NoMemory,
): Promise<Acceptance | NoMemory> {
  const known = await inbox.known(account, signal, deadlineMs);
  return known.is === 'never' ? refusal : known;
}

function answer(account: string, signal: Signal, acceptance: Acceptance | NoMemory): AcceptedAnswer {
  switch (acceptance.is) {
    case 'no_memory':
      throw unavailable(acceptance.code, acceptance.message, signal.id);
    case 'accepted':
      return {
        id: signal.id,
        account,
        state: 'accepted',
        magic: acceptance.magic,
        acceptedAt: acceptance.at,
        repeat: false,
      };
    case 'repeat': {
      const number = acceptance.number === undefined ? {} : { number: acceptance.number };
      const { state, at, magic } = acceptance;
      return { id: signal.id, account, state, magic, acceptedAt: at, repeat: true, ...number };
    }
    case 'conflict':
      throw new Refusal(
        409,
        'id_conflict',
        `the id ${signal.id} was accepted before with another body; a new signal needs a new id`,
        [
          {
            field: 'id',
            value: shownValue(signal.id),
            expected: 'an id that no other signal of the account has',
          },
        ],
        { id: signal.id },
      );
    case 'collision':
      throw new Refusal(
        409,
        'magic_collision',
        `the id ${signal.id} gives the same magic as ${acceptance.id}, which was accepted before; choose another id`,
        [
          {
            field: 'id',
            value: shownValue(signal.id),
            expected: `an id whose magic differs from ${acceptance.id}'s`,
          },
        ],
        { id: signal.id },
      );
    case 'not_stored':
      throw unavailable(
        'not_stored',
        `nothing was stored: ${NOT_STORED[acceptance.why]}`,
        signal.id,
        acceptance.why,
      );
    case 'unknown':
      throw new Refusal(
        504,
        'acceptance_unknown',
        `it is not certain whether the signal ${signal.id} was stored; the write is being repeated. Send the same again with the same id, or ask for its state`,
        [],
        { id: signal.id },
      );
  }
}

/** Time for the look-up, whatever the first attempt has used. */
const LEAST_MS = 200;

const NOT_STORED = {
  no_primary: 'no Redis primary with a replica in sync can be reached',
  no_set: 'no Redis replica is in the in-sync set, so nothing can be acknowledged',
  queue_full: 'too many writes are waiting',
  out_of_memory: 'Redis has no memory left',
  refused: 'Redis refused the write',
  stopped: 'this backend is stopping',
} as const;

function unavailable(
  code: 'memory_high' | 'memory_full' | 'not_stored',
  message: string,
  id: string,
  reason?: string,
): Refusal {
  return new Refusal(503, code, message, [], {
    id,
    headers: { 'retry-after': '1' },
    ...(reason === undefined ? {} : { reason }),
  });
}

/** What is wrong with a well-formed signal for this account: its symbol, its volume against the symbol's rules. */
function wrongForAccount(
  account: TradedAccount,
  signal: Signal,
  rules: SymbolRules | undefined,
): FieldError[] {
  if (!account.symbols.includes(signal.symbol)) {
    const expected = `one of the account's symbols: ${account.symbols.join(', ')}`;
    return [{ field: 'symbol', value: shownValue(signal.symbol), expected }];
  }
  if (signal.volume === undefined || rules === undefined) return [];
  const volume = decimal(signal.volume);
  const wrong = (expected: string): FieldError[] => [
    { field: 'volume', value: shownValue(signal.volume), expected },
  ];
  if (compareDecimals(volume, decimal(rules.volumeMin)) < 0) {
    return wrong(`at least ${rules.volumeMin} lots of ${signal.symbol}`);
  }
  if (signal.action === 'open' && compareDecimals(volume, decimal(rules.volumeMax)) > 0) {
    return wrong(`at most ${rules.volumeMax} lots of ${signal.symbol}`);
  }
  if (!isMultipleOf(volume, decimal(rules.volumeStep))) {
    return wrong(`a multiple of ${rules.volumeStep} lots for ${signal.symbol}`);
  }
  return [];
}
