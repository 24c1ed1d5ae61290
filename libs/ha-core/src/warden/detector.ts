/**
 * Is the primary gone? The rule of one warden's detector (ARCHITECTURE section 5, "Warden"): a probe every few
 * milliseconds with a limit; so many misses in a row make a suspicion, one good answer ends it.
 *
 * Two misses need two limits one after the other: one slow write to the disk is no failure.
 *
 * A node that answers and is no primary counts as a miss at once: a primary that was restarted behind our back.
 * Time in which this process itself did not run proves nothing: probes that were out then are forgotten, because the
 * answer may lie unread on our side.
 */
export type DetectorOptions = {
  readonly probeMs: number;
  readonly limitMs: number;
  readonly misses: number;
};

export type DetectorState = {
  /** When each probe that is out was sent; the oldest first. */
  readonly out: readonly number[];
  readonly misses: number;
  /** When the first of the present misses was sent. */
  readonly since: number | undefined;
  readonly tickedAtMs: number | undefined;
};

export type DetectorEvent =
  | { readonly is: 'tick' }
  /** A good answer; `sentAtMs` of the probe that it answers. */
  | { readonly is: 'good'; readonly sentAtMs: number }
  /** Any other: not what it should be, or the connection was refused or broke. */
  | { readonly is: 'bad'; readonly sentAtMs: number };

export type DetectorEffect = { readonly do: 'probe' };

export type DetectorStep = { readonly state: DetectorState; readonly effects: readonly DetectorEffect[] };

export const FIRST_DETECTOR: DetectorState = { out: [], misses: 0, since: undefined, tickedAtMs: undefined };

/** Probes that may be out at once: enough for a limit of four periods. */
const OUT_MAX = 8;
/** A tick that comes so many periods late means that we did not run. */
const STALLED_PERIODS = 2;

/** One event at `nowMs` of the host's monotonic clock. Pure. */
export function stepDetector(
  state: DetectorState,
  event: DetectorEvent,
  nowMs: number,
  options: DetectorOptions,
): DetectorStep {
  switch (event.is) {
    case 'good':
      return {
        state: { ...state, out: after(state.out, event.sentAtMs), misses: 0, since: undefined },
        effects: [],
      };
    case 'bad':
      return { state: miss(state, event.sentAtMs), effects: [] };
    case 'tick':
      return tick(state, nowMs, options);
  }
}

/** Whether so many misses stand that the node is suspected; since when, if so. */
export function suspectedSince(state: DetectorState, options: DetectorOptions): number | undefined {
  return state.misses >= options.misses ? state.since : undefined;
}

function tick(state: DetectorState, nowMs: number, options: DetectorOptions): DetectorStep {
  const { tickedAtMs } = state;
  const stalled = tickedAtMs !== undefined && nowMs - tickedAtMs > options.probeMs * (1 + STALLED_PERIODS);
  const late = stalled ? undefined : state.out.find((sentAtMs) => nowMs - sentAtMs >= options.limitMs);
  // What was sent after the one that is late fell into the same silence: the next miss needs a limit of its own.
  const missed = late === undefined ? state : { ...miss(state, late), out: [] };
  const kept = stalled ? { ...state, out: [] } : missed;
  const probes = kept.out.length < OUT_MAX;
  return {
    state: { ...kept, out: probes ? [...kept.out, nowMs] : kept.out, tickedAtMs: nowMs },
    effects: probes ? [{ do: 'probe' }] : [],
  };
}

function miss(state: DetectorState, sentAtMs: number): DetectorState {
  if (!state.out.includes(sentAtMs)) return state;
  return {
    ...state,
    out: state.out.filter((other) => other !== sentAtMs),
    misses: state.misses + 1,
    since: state.since ?? sentAtMs,
  };
}

/** What is out once a probe was answered: answers come in order, so older ones are answered too. */
function after(out: readonly number[], sentAtMs: number): readonly number[] {
  return out.filter((other) => other > sentAtMs);
}
