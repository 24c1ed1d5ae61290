/**
 * Which signal of an account goes next, and what happens to it: the decision alone, no effects. Signals go in the order
 * of their acceptance; one that waits for a retry holds up those behind it; one whose symbol does not trade, or is
 * quarantined, holds up those of its symbol alone.
 */
import {
  admit,
  type BrokerCommand,
  commandId,
  type Host,
  type Intent,
  parseSignal,
  type ReasonCode,
  signalComment,
  type SymbolRules,
} from '@holdfast/ha-core';
import type { Holdings } from './holdings.ts';
import type { Line } from './line.ts';
import type { Trading } from './terminal-side.ts';
import { lifeMs, type TrackedOrder } from './tracked-order.ts';

export type Choice =
  | { readonly do: 'nothing' }
  | { readonly do: 'wait'; readonly forMs: number }
  /** The terminal's lists must be read before anything can be said. */
  | { readonly do: 'look' }
  | { readonly do: 'expire'; readonly order: TrackedOrder }
  | {
      readonly do: 'refuse';
      readonly order: TrackedOrder;
      readonly reason: ReasonCode;
      readonly detail: string;
    }
  | {
      readonly do: 'begin';
      readonly order: TrackedOrder;
      readonly attempt: number;
      readonly refusals: number;
      readonly command: BrokerCommand;
    };

export type ChoiceInput = {
  readonly host: Host;
  readonly line: Line;
  readonly holdings: Holdings;
  readonly symbols: ReadonlyMap<string, SymbolRules>;
  /** Something happened at the broker that the holdings do not show yet. */
  readonly stale: boolean;
};

/** Decides about the first signal of the line that can be decided about. */
export function choose(input: ChoiceInput): Choice {
  const parked = new Set<string>();
  let forMs = Number.POSITIVE_INFINITY;
  for (const order of input.line.next()) {
    if (order.signal !== undefined && parked.has(order.signal.symbol)) continue;
    const choice = setAside(order, () => chooseFor(order, input));
    if (choice === undefined) continue;
    const { state, signal } = order;
    const waits = choice.do === 'wait' && state.is === 'waiting' && state.holdsUp === 'symbol';
    if (!waits || signal === undefined) return soonest(choice, forMs);
    parked.add(signal.symbol);
    forMs = Math.min(forMs, choice.forMs);
  }
  return Number.isFinite(forMs) ? { do: 'wait', forMs } : { do: 'nothing' };
}

/** Where nothing but waiting is chosen, what waits apart from it may come first. */
const soonest = (choice: Choice, forMs: number): Choice =>
  choice.do === 'wait' ? { do: 'wait', forMs: Math.min(choice.forMs, forMs) } : choice;

/** What cannot even be decided about ends with its reason, so that it holds up nobody and fells no engine. */
function setAside(order: TrackedOrder, decide: () => Choice | undefined): Choice | undefined {
  try {
    return decide();
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { do: 'refuse', order, reason: 'poison', detail };
  }
}

/** Undefined for an order that does not wait. Throws what is wrong with a poison entry. */
function chooseFor(order: TrackedOrder, input: ChoiceInput): Choice | undefined {
  const { host, holdings } = input;
  const { state, signal } = order;
  if (state.is !== 'waiting') return undefined;
  const livesMs = lifeMs(order, host);
  if (!Number.isFinite(livesMs)) throw new Error('its acceptance or its time to live is no number');
  if (livesMs <= 0) return { do: 'expire', order };
  const forMs = state.notBeforeMs - host.monotonicMs();
  if (forMs > 0) return { do: 'wait', forMs };
  if (signal === undefined) throw new Error('the body is no signal');
  const checked = parseSignal(signal);
  if (checked.is === 'refused') {
    const [wrong] = checked.errors;
    throw new Error(`${wrong?.field}: ${wrong?.value}, ${wrong?.expected}`);
  }
  const needsLists = signal.action !== 'open';
  if (needsLists && input.stale) return { do: 'look' };
  const admission = admit(signal, {
    positions: [...holdings.positions.values()],
    orders: [...holdings.orders.values()],
    symbols: input.symbols,
  });
  if (admission.is === 'command')
    return {
      do: 'begin',
      order,
      attempt: state.attempt,
      refusals: state.refusals,
      command: admission.command,
    };
  // A row that is not there may only not be there yet: look once more before saying no.
  if (needsLists && holdings.refreshedAtMs() < order.seenAtMs) return { do: 'look' };
  return { do: 'refuse', order, reason: admission.reason, detail: admission.detail };
}

/** The intent of a choice to begin: it names the terminal, its journal and its boot (I4). */
export function intentFor(
  choice: Choice & { do: 'begin' },
  trading: Trading,
  epoch: number,
  wallMs: number,
): Intent {
  const { id, magic } = choice.order.accepted;
  return {
    commandId: commandId(id, choice.attempt),
    signalId: id,
    attempt: choice.attempt,
    refusals: choice.refusals,
    magic,
    comment: signalComment(magic),
    command: choice.command,
    terminal: trading.session.identity.terminal,
    journal: trading.journal,
    boot: trading.boot,
    epoch,
    at: wallMs,
  };
}
