/** The faults that are on: which of them strike a request, and when each is over. */
import type { Fault, FaultKind } from './fault-menu.ts';
import { EVENT_FAULTS, REQUEST_FAULTS } from './fault-menu.ts';

/** Faults that may be on at the same time. */
export const FAULTS_MAX = 1000;

export type ActiveFault = {
  readonly id: number;
  readonly fault: Fault;
  /** Monotonic ms of the host at which it began. */
  readonly sinceMs: number;
  /** Requests that it will still strike; undefined for a fault by time. */
  readonly left: number | undefined;
  /** Monotonic ms of the host; undefined for a fault by count. */
  readonly untilMs: number | undefined;
};

export type RequestPlace = { readonly account: string; readonly terminal: string; readonly symbol: string };

export type Faults = {
  /** Undefined when there are FAULTS_MAX already. */
  readonly add: (fault: Fault) => ActiveFault | undefined;
  readonly active: () => readonly ActiveFault[];
  /** Ends every fault by count and by time; what it has done stays done. Returns how many there were. */
  readonly clear: () => number;
  /** The faults that strike this request, one of a kind, and counts them. */
  readonly strike: (place: RequestPlace) => ReadonlyMap<FaultKind, Fault>;
  /** The faults of a kind that are on for this place. Does not count. */
  readonly on: (kind: FaultKind, place: Partial<RequestPlace>) => readonly ActiveFault[];
  /** The same, and counts one. */
  readonly take: (kind: FaultKind, place: Partial<RequestPlace>) => Fault | undefined;
};

/** No faults; time is the host's monotonic clock. */
export function createFaults(monotonicMs: () => number): Faults {
  let lastId = 0;
  let list: ActiveFault[] = [];
  const sweep = (): void => {
    const now = monotonicMs();
    if (list.length > 0) {
      list = list.filter(({ left, untilMs }) => (left ?? 1) > 0 && (untilMs === undefined || untilMs > now));
    }
  };
  const matches = ({ fault }: ActiveFault, place: Partial<RequestPlace>): boolean =>
    (['account', 'terminal', 'symbol'] as const).every(
      (key) => fault[key] === undefined || place[key] === undefined || fault[key] === place[key],
    );
  const find = (kind: FaultKind, place: Partial<RequestPlace>): ActiveFault | undefined =>
    list.find((active) => active.fault.kind === kind && matches(active, place));
  const count = (active: ActiveFault): void => {
    if (active.left === undefined) return;
    const left = active.left - 1;
    list = list.map((each) => (each === active ? { ...each, left } : each));
  };
  return {
    add: (fault) => {
      sweep();
      if (list.length >= FAULTS_MAX) return undefined;
      lastId += 1;
      const counted = REQUEST_FAULTS.includes(fault.kind) || EVENT_FAULTS.includes(fault.kind);
      const active: ActiveFault = {
        id: lastId,
        fault,
        sinceMs: monotonicMs(),
        left: counted ? (fault.times ?? 1) : undefined,
        untilMs: counted ? undefined : monotonicMs() + (fault.forMs ?? 0) + (fault.syncMs ?? 0),
      };
      if (active.left !== undefined || (active.untilMs ?? 0) > monotonicMs()) list = [...list, active];
      return active;
    },
    active: () => {
      sweep();
      return list;
    },
    clear: () => {
      sweep();
      const there = list.length;
      list = [];
      return there;
    },
    strike: (place) => {
      const struck = new Map<FaultKind, Fault>();
      if (list.length === 0) return struck;
      sweep();
      for (const kind of REQUEST_FAULTS) {
        const active = find(kind, place);
        if (active === undefined) continue;
        struck.set(kind, active.fault);
        count(active);
      }
      return struck;
    },
    on: (kind, place) => {
      if (list.length === 0) return list;
      sweep();
      return list.filter((active) => active.fault.kind === kind && matches(active, place));
    },
    take: (kind, place) => {
      sweep();
      const active = find(kind, place);
      if (active !== undefined) count(active);
      return active?.fault;
    },
  };
}
