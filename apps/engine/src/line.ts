/**
 * The signals of one account in the order of their acceptance: who waits, who is under way, and who may go next.
 *
 * A symbol with an order that only the terminal's journal or the broker's records can explain (asking, unknown) is
 * quarantined: later signals of that symbol wait, others pass (I5).
 */
import { type AcceptedSignal, entryName } from '@holdfast/redis';
import { intentOf, type TrackedOrder } from './tracked-order.ts';

export type Line = {
  readonly knows: (accepted: AcceptedSignal) => boolean;
  readonly add: (order: TrackedOrder) => void;
  /** It has an intent from here on. */
  readonly begin: (order: TrackedOrder) => void;
  /** Back into the line, at its old place: its last attempt is certain not to have been executed. */
  readonly back: (order: TrackedOrder) => void;
  readonly remove: (order: TrackedOrder) => void;
  readonly waiting: () => readonly TrackedOrder[];
  readonly begun: () => TrackedOrder[];
  readonly byCommand: (commandId: string) => TrackedOrder | undefined;
  /** Waiting orders that are not held back by a quarantine, in order. */
  readonly next: () => Iterable<TrackedOrder>;
};

/** An empty line. */
export function createLine(): Line {
  const known = new Set<string>();
  const begun = new Map<string, TrackedOrder>();
  const signals = new Set<string>();
  /** Of signals that were read under two entries, of two primaries: each is seen by nobody before the end of the first. */
  const behind: TrackedOrder[] = [];
  let waiting: TrackedOrder[] = [];
  const quarantined = (): Set<string> => {
    const symbols = new Set<string>();
    for (const order of begun.values()) {
      const intent = intentOf(order);
      if (intent !== undefined && (order.state.is === 'asking' || order.state.is === 'unknown'))
        symbols.add(intent.command.symbol);
    }
    return symbols;
  };
  const insert = (order: TrackedOrder): void => {
    const last = waiting.at(-1);
    if (last === undefined || isAfter(order.accepted.entry, last.accepted.entry)) waiting.push(order);
    else {
      const place = waiting.findIndex((other) => isAfter(other.accepted.entry, order.accepted.entry));
      waiting.splice(place, 0, order);
    }
  };
  const enter = (order: TrackedOrder): void => {
    if (signals.has(order.accepted.id)) behind.push(order);
    else {
      signals.add(order.accepted.id);
      insert(order);
    }
  };
  const leave = (order: TrackedOrder): void => {
    if (waiting[0] === order) waiting.shift();
    else waiting = waiting.filter((other) => other !== order);
  };
  return {
    knows: (accepted) => known.has(entryName(accepted)),
    add: (order) => {
      known.add(entryName(order.accepted));
      enter(order);
    },
    begin: (order) => {
      leave(order);
      begun.set(order.accepted.id, order);
    },
    back: (order) => {
      begun.delete(order.accepted.id);
      insert(order);
    },
    remove: (order) => {
      known.delete(entryName(order.accepted));
      begun.delete(order.accepted.id);
      leave(order);
      signals.delete(order.accepted.id);
      const next = behind.findIndex(({ accepted }) => accepted.id === order.accepted.id);
      const [again] = next < 0 ? [] : behind.splice(next, 1);
      if (again !== undefined) enter(again);
    },
    waiting: () => waiting,
    begun: () => [...begun.values()],
    byCommand: (commandId) => {
      const order = begun.get(commandId.slice(0, commandId.lastIndexOf('/')));
      return order !== undefined && intentOf(order)?.commandId === commandId ? order : undefined;
    },
    next: function* next() {
      const held = quarantined();
      for (const order of waiting) {
        if (order.signal === undefined || !held.has(order.signal.symbol)) yield order;
      }
    },
  };
}

/** Compares stream entry ids `<ms>-<sequence>` as numbers. */
function isAfter(a: string, b: string): boolean {
  const [aMs = '0', aSequence = '0'] = a.split('-');
  const [bMs = '0', bSequence = '0'] = b.split('-');
  return Number(aMs) === Number(bMs) ? Number(aSequence) > Number(bSequence) : Number(aMs) > Number(bMs);
}
