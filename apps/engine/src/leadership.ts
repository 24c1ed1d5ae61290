/**
 * One account's lease at one engine: turns the pure rule (ha-core lease) into reads, compare-and-sets and beats (I3).
 *
 * Nothing here waits for anything else: a tick each beat, and what comes back from Redis is an event. At most one
 * read and one renewal are under way at a time, so a slow Redis is not asked faster than it answers.
 */
import {
  firstLeaseState,
  type Host,
  type LeaseEffect,
  type LeaseEvent,
  type LeaseOptions,
  type LeaseRow,
  type LeaseState,
  NO_LEASE,
  stepLease,
  type TakeoverCause,
} from '@holdfast/ha-core';
import type { Asked, HeldOutcome, LeaseStore } from '@holdfast/redis';

export type LeadershipOptions = LeaseOptions & {
  readonly host: Host;
  readonly account: string;
  readonly store: LeaseStore;
  /** A plain read of the row; undefined when Redis cannot be read. */
  readonly read: () => Promise<LeaseRow | undefined>;
  /** The highest epoch that any reachable terminal of the account knows. */
  readonly terminalEpoch: () => string;
  /** The peer that should take over when this engine leaves; '' for anyone. */
  readonly successor: () => string;
  /** What people ask of the holder: told with each beat, and before the activation. */
  readonly onAsked: (asked: Asked) => void;
  /** The lease is being taken: what is asked of Redis now is read right behind it. */
  readonly onTaking: (epoch: string) => void;
  readonly onActivate: (epoch: string, cause: TakeoverCause) => void;
  readonly onPause: () => void;
  readonly onResume: () => void;
  readonly onRenewed: (epoch: string) => void;
  /** Ends the account's work here; resolves when nothing of it is under way any more. */
  readonly onDeactivate: (why: 'stale' | 'left') => Promise<void>;
  readonly onReleased: (successor: string) => void;
};

export type Leadership = {
  readonly state: () => LeaseState;
  readonly row: () => LeaseRow | undefined;
  readonly peerDead: (engine: string) => void;
  /** A peer said that it released the account: look at once instead of at the next tick. */
  readonly look: () => void;
  /** Redis or a bridge refused this leadership. */
  readonly deposed: () => void;
  /**
   * Hands the lease over and takes it no more; resolves when it is released or found lost. `why` is one word, for the
   * history.
   */
  readonly leave: (why: string) => Promise<void>;
  /** Ends without a word to anyone, as a killed process would. */
  readonly stop: () => void;
};

/** How often a release is tried before leaving without it: the successor then waits for the lease time. */
const RELEASE_TRIES = 10;

/** Starts to watch, and to lead when it is this engine's turn. */
export function createLeadership(options: LeadershipOptions): Leadership {
  const { host, account, store } = options;
  let state: LeaseState = firstLeaseState(host.monotonicMs());
  let lastRow: LeaseRow | undefined;
  let reading = false;
  let readAgain = false;
  let whyLeaving = '';
  let renewing = false;
  let stopped = false;
  let leaving: Promise<void> | undefined;
  let cancelTick = (): void => {};

  const post = (event: LeaseEvent): void => {
    if (stopped) return;
    const step = stepLease(state, event, host.monotonicMs(), options);
    state = step.state;
    for (const effect of step.effects) perform(effect);
  };

  const perform = (effect: LeaseEffect): void => {
    switch (effect.do) {
      case 'read':
        void read();
        return;
      case 'take':
        void take(effect.expected, effect.epoch, effect.cause);
        return;
      case 'renew':
        void renew(effect.epoch);
        return;
      case 'activate':
        return options.onActivate(effect.epoch, effect.cause);
      case 'pause':
        return options.onPause();
      case 'resume':
        return options.onResume();
      case 'deactivate':
        if (effect.why === 'stale') void options.onDeactivate('stale');
        else leaving = options.onDeactivate('left');
        return;
      case 'release':
        leaving = (leaving ?? Promise.resolve()).then(() => release(effect.epoch));
    }
  };

  const read = async (): Promise<void> => {
    // What made it ask again came after the read that is under way began, so that one may not show it.
    readAgain = reading;
    if (reading) return;
    reading = true;
    const row = await options.read();
    reading = false;
    if (row !== undefined) lastRow = row;
    post(
      row === undefined ? { is: 'unreadable' } : { is: 'row', row, terminalEpoch: options.terminalEpoch() },
    );
    if (readAgain && state.is === 'watching') void read();
  };

  const take = async (expected: LeaseRow, epoch: string, cause: TakeoverCause): Promise<void> => {
    const sentAtMs = host.monotonicMs();
    const taking = store.take(account, expected, epoch, cause);
    options.onTaking(epoch);
    const outcome = await taking;
    if (outcome.is === 'taken') {
      lastRow = { ...NO_LEASE, holder: options.engine, epoch: outcome.epoch };
      options.onAsked(outcome.asked);
      post({ is: 'taken', epoch: outcome.epoch, sentAtMs });
    } else if (outcome.is === 'lost') {
      lastRow = outcome.row;
      post({ is: 'lost', row: outcome.row });
    } else post({ is: 'take_failed' });
  };

  const renew = async (epoch: string): Promise<void> => {
    if (renewing) return;
    renewing = true;
    const sentAtMs = host.monotonicMs();
    const outcome = await store.beat(account, epoch);
    renewing = false;
    if (outcome.is === 'ok') {
      post({ is: 'renewed', sentAtMs });
      if (state.is === 'active' && state.epoch === epoch) options.onAsked(outcome.asked);
      if (state.is === 'active' && state.epoch === epoch && !state.paused) options.onRenewed(epoch);
    } else if (outcome.is === 'stale' && state.is === 'active' && state.epoch === epoch) {
      lastRow = { ...NO_LEASE, holder: outcome.holder, epoch: outcome.epoch };
      post({ is: 'stale' });
    }
  };

  const release = async (epoch: string): Promise<void> => {
    const successor = options.successor();
    for (let attempt = 0; attempt < RELEASE_TRIES; attempt += 1) {
      const outcome: HeldOutcome = await store.release(account, epoch, successor, whyLeaving);
      if (outcome.is !== 'failed') return options.onReleased(successor);
    }
  };

  const tick = (): void => {
    if (stopped) return;
    post({ is: 'tick' });
    cancelTick = host.after(options.beatMs, tick);
  };
  tick();

  return {
    state: () => state,
    row: () => lastRow,
    peerDead: (engine) => post({ is: 'peer_dead', engine }),
    look: () => {
      if (state.is === 'watching') void read();
    },
    deposed: () => post({ is: 'stale' }),
    leave: async (why) => {
      whyLeaving = why;
      post({ is: 'leave' });
      await leaving;
    },
    stop: () => {
      stopped = true;
      cancelTick();
    },
  };
}
