/**
 * Leadership of one account, seen from one engine (I3; ARCHITECTURE section 6).
 *
 * In Redis stands a row: holder, epoch, beat. The holder raises `beat`; everyone else watches it with a monotonic
 * clock of his own: no wall clock, no expiry in Redis. Who has seen the same beat for a whole lease time takes over by
 * one compare-and-set on the row as he saw it, with a higher epoch. Two may try; one wins. Taking over too early is
 * harmless, because every later step of the loser is refused by its epoch: in Redis, and in the bridge.
 *
 *   watching ──beat still for leaseMs, or holder's process is dead, or released──► taking ──won──► active
 *      ▲                                                                             │               │
 *      └──────────────────────────────────lost───────────────────────────────────────┴───stale───────┘
 *
 * When Redis cannot be reached nobody's lease runs out: the holder pauses, the watchers begin their watch anew.
 */
export type LeaseRow = {
  readonly holder: string;
  readonly epoch: string;
  readonly beat: string;
  /** Whom the last holder named to take next; '' for anyone. */
  readonly successor: string;
};

export const NO_LEASE: LeaseRow = { holder: '', epoch: '0', beat: '0', successor: '' };

export type LeaseOptions = {
  readonly engine: string;
  /** This engine is the first choice for the account: it takes a lease that nobody holds without waiting. */
  readonly preferred: boolean;
  readonly beatMs: number;
  readonly leaseMs: number;
  readonly selfStopMs: number;
};

export type LeaseState =
  | {
      readonly is: 'watching';
      readonly row: LeaseRow | undefined;
      /** When the row was last seen to change; the watch starts here. */
      readonly changedAtMs: number;
      /** A holder whose process is known to be dead, until the row is read again. */
      readonly dead: string | undefined;
      /** When an early takeover was last tried: at most once per lease time. */
      readonly hurriedAtMs: number | undefined;
    }
  | {
      readonly is: 'taking';
      readonly row: LeaseRow;
      readonly epoch: string;
      readonly cause: TakeoverCause;
      /** How often a late beat of a dead holder was in the way. */
      readonly outrun: number;
      readonly hurriedAtMs: number | undefined;
    }
  | {
      readonly is: 'active';
      readonly epoch: string;
      /** When the last good renewal was sent (not when it was answered). */
      readonly renewedAtMs: number;
      readonly paused: boolean;
      /** When it took over early, if it did: the limit holds over a leadership that is lost again. */
      readonly hurriedAtMs: number | undefined;
    }
  | { readonly is: 'left' };

export type LeaseEvent =
  | { readonly is: 'tick' }
  /** The row was read. `terminalEpoch`: the highest epoch that any reachable terminal of the account knows. */
  | { readonly is: 'row'; readonly row: LeaseRow; readonly terminalEpoch: string }
  | { readonly is: 'unreadable' }
  | { readonly is: 'peer_dead'; readonly engine: string }
  | { readonly is: 'taken'; readonly epoch: string; readonly sentAtMs: number }
  | { readonly is: 'lost'; readonly row: LeaseRow }
  | { readonly is: 'take_failed' }
  | { readonly is: 'renewed'; readonly sentAtMs: number }
  | { readonly is: 'stale' }
  | { readonly is: 'leave' };

export type LeaseEffect =
  | { readonly do: 'read' }
  | {
      readonly do: 'take';
      readonly expected: LeaseRow;
      readonly epoch: string;
      readonly cause: TakeoverCause;
    }
  | { readonly do: 'renew'; readonly epoch: string }
  | { readonly do: 'activate'; readonly epoch: string; readonly cause: TakeoverCause }
  | { readonly do: 'pause' }
  | { readonly do: 'resume' }
  | { readonly do: 'deactivate'; readonly why: 'stale' | 'left' }
  | { readonly do: 'release'; readonly epoch: string };

export type TakeoverCause = 'first' | 'handed_over' | 'beat_stopped' | 'process_dead';

export type LeaseStep = { readonly state: LeaseState; readonly effects: readonly LeaseEffect[] };

/** Beats that a dead process had sent and that arrive late: so many may come between the reading and the taking. */
const LATE_BEATS_MAX = 3;

/** A watcher at its start: it has seen nothing yet. */
export function firstLeaseState(nowMs: number): LeaseState {
  return { is: 'watching', row: undefined, changedAtMs: nowMs, dead: undefined, hurriedAtMs: undefined };
}

/** One event, at `nowMs` of the host's monotonic clock. Pure. */
export function stepLease(
  state: LeaseState,
  event: LeaseEvent,
  nowMs: number,
  options: LeaseOptions,
): LeaseStep {
  if (event.is === 'leave') return leave(state);
  switch (state.is) {
    case 'watching':
      return watch(state, event, nowMs, options);
    case 'taking':
      return take(state, event, nowMs);
    case 'active':
      return hold(state, event, nowMs, options);
    case 'left':
      return { state, effects: [] };
  }
}

type Watching = LeaseState & { is: 'watching' };

function watch(state: Watching, event: LeaseEvent, nowMs: number, options: LeaseOptions): LeaseStep {
  switch (event.is) {
    case 'tick':
      return { state, effects: [{ do: 'read' }] };
    case 'unreadable':
      // A Redis outage restarts the watch: it must not flip engines.
      return { state: { ...state, changedAtMs: nowMs, row: undefined }, effects: [] };
    case 'peer_dead': {
      const hurried = state.hurriedAtMs !== undefined && nowMs - state.hurriedAtMs < options.leaseMs;
      if (hurried) return { state, effects: [] };
      return { state: { ...state, dead: event.engine }, effects: [{ do: 'read' }] };
    }
    case 'row':
      return judge(state, event.row, event.terminalEpoch, nowMs, options);
    default:
      return { state, effects: [] };
  }
}

function judge(
  state: Watching,
  row: LeaseRow,
  terminalEpoch: string,
  nowMs: number,
  options: LeaseOptions,
): LeaseStep {
  const before = state.row;
  const same =
    before !== undefined &&
    before.holder === row.holder &&
    before.epoch === row.epoch &&
    before.beat === row.beat;
  const changedAtMs = same ? state.changedAtMs : nowMs;
  const stillMs = nowMs - changedAtMs;
  const cause = mayTake(state, row, same, stillMs, options);
  if (cause === undefined) {
    const dead = state.dead === row.holder ? state.dead : undefined;
    return { state: { ...state, row, changedAtMs, dead }, effects: [] };
  }
  const epoch = higher(row.epoch, terminalEpoch);
  const hurriedAtMs = cause === 'process_dead' ? nowMs : state.hurriedAtMs;
  return {
    state: { is: 'taking', row, epoch, cause, outrun: 0, hurriedAtMs },
    effects: [{ do: 'take', expected: row, epoch, cause }],
  };
}

function mayTake(
  state: Watching,
  row: LeaseRow,
  same: boolean,
  stillMs: number,
  options: LeaseOptions,
): TakeoverCause | undefined {
  if (row.holder === options.engine) {
    // Our own row from before a restart: nobody else acts, but the old epoch may still have commands under way.
    return 'first';
  }
  if (row.holder === '') {
    if (row.successor === options.engine) return 'handed_over';
    if (row.successor === '' && options.preferred) return 'first';
    return same && stillMs >= options.leaseMs ? 'first' : undefined;
  }
  if (state.dead === row.holder) return 'process_dead';
  return same && stillMs >= options.leaseMs ? 'beat_stopped' : undefined;
}

function take(state: LeaseState & { is: 'taking' }, event: LeaseEvent, nowMs: number): LeaseStep {
  switch (event.is) {
    case 'taken': {
      const { epoch, sentAtMs: renewedAtMs } = event;
      return {
        state: { is: 'active', epoch, renewedAtMs, paused: false, hurriedAtMs: state.hurriedAtMs },
        effects: [{ do: 'activate', epoch, cause: state.cause }],
      };
    }
    case 'lost':
      if (isLateBeat(state, event.row)) {
        const { epoch, cause } = state;
        return {
          state: { ...state, row: event.row, outrun: state.outrun + 1 },
          effects: [{ do: 'take', expected: event.row, epoch, cause }],
        };
      }
      return watchAnew(event.row, nowMs, state.hurriedAtMs);
    case 'take_failed':
      return watchAnew(undefined, nowMs, state.hurriedAtMs);
    default:
      return { state, effects: [] };
  }
}

/** The holder is dead and only its beat has changed: one that was still under way. The next try is part of this one. */
function isLateBeat(state: LeaseState & { is: 'taking' }, row: LeaseRow): boolean {
  const { cause, outrun, row: seen } = state;
  return (
    cause === 'process_dead' &&
    outrun < LATE_BEATS_MAX &&
    row.holder === seen.holder &&
    row.epoch === seen.epoch
  );
}

function watchAnew(row: LeaseRow | undefined, nowMs: number, hurriedAtMs: number | undefined): LeaseStep {
  return {
    state: { is: 'watching', row, changedAtMs: nowMs, dead: undefined, hurriedAtMs },
    effects: [],
  };
}

function hold(
  state: LeaseState & { is: 'active' },
  event: LeaseEvent,
  nowMs: number,
  options: LeaseOptions,
): LeaseStep {
  switch (event.is) {
    case 'tick': {
      const renew: LeaseEffect = { do: 'renew', epoch: state.epoch };
      if (!state.paused && nowMs - state.renewedAtMs >= options.selfStopMs) {
        return { state: { ...state, paused: true }, effects: [{ do: 'pause' }, renew] };
      }
      return { state, effects: [renew] };
    }
    case 'renewed': {
      const renewedAtMs = Math.max(state.renewedAtMs, event.sentAtMs);
      const fresh = nowMs - renewedAtMs < options.selfStopMs;
      if (state.paused && fresh) {
        return { state: { ...state, renewedAtMs, paused: false }, effects: [{ do: 'resume' }] };
      }
      return { state: { ...state, renewedAtMs }, effects: [] };
    }
    case 'stale':
      return {
        state: watchAnew(undefined, nowMs, state.hurriedAtMs).state,
        effects: [{ do: 'deactivate', why: 'stale' }],
      };
    default:
      return { state, effects: [] };
  }
}

function leave(state: LeaseState): LeaseStep {
  if (state.is !== 'active') return { state: { is: 'left' }, effects: [] };
  return {
    state: { is: 'left' },
    effects: [
      { do: 'deactivate', why: 'left' },
      { do: 'release', epoch: state.epoch },
    ],
  };
}

/** One above the highest of the two: an epoch lost in one place cannot go backwards in another (I3). */
function higher(rowEpoch: string, terminalEpoch: string): string {
  const a = BigInt(rowEpoch);
  const b = BigInt(terminalEpoch);
  return ((a > b ? a : b) + 1n).toString();
}
