/**
 * Planned changes of leader (ARCHITECTURE section 6): what a person wishes (switch over, pause, resume), and accounts that go
 * back to the engine that is their first choice. The holder decides in each case and hands over by releasing the lease to
 * a named successor, so that nobody waits for a lease time.
 */
import { type Host, NO_RETURN, type ReturnState, sleep, stepReturn } from '@holdfast/ha-core';
import type { StoredWish } from '@holdfast/redis';
import type { ActiveAccount } from './active-account.ts';
import type { PeerLinks } from './peer-link.ts';
import type { Performed } from './wish-desk.ts';

/** One account at this engine, as far as a hand-over needs it. */
export type HandOverSeat = {
  readonly account: string;
  /** The engine that is the account's first choice. */
  readonly preferred: string;
  /** Who leads by the row that was read last; '' for nobody. */
  readonly holder: () => string;
  readonly leading: () => boolean;
  readonly active: () => ActiveAccount | undefined;
  /** A terminal that reaches the broker has a session here. */
  readonly couldTrade: () => boolean;
  /** The wish that holds the account still; '' for none. */
  readonly pause: () => string;
  /** Since when this engine leads it, on the monotonic clock. */
  readonly activeSinceMs: () => number;
  /** A person chose this engine for it: it is not given away by itself. */
  chosen: boolean;
  readonly handOver: (to: string, why: string) => Promise<boolean>;
};

export type HandOverOptions = {
  readonly host: Host;
  readonly engine: string;
  readonly engines: readonly string[];
  readonly peers: () => PeerLinks;
  readonly seats: () => readonly HandOverSeat[];
  readonly stopped: () => boolean;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

export type HandOvers = {
  /** A peer asks for an account whose first choice it is. */
  readonly wanted: (engine: string, account: string) => void;
  readonly perform: (seat: HandOverSeat, wish: StoredWish) => Promise<Performed | undefined>;
};

const LOOK_MS = 500;
/** A leader that has only just begun is left alone. */
const SETTLED_MS = 2000;
const RETURN = { steadyMs: 5000, askAgainMs: 5000 };
/** A switchover that nobody has done by then was forgotten by everyone but Redis. */
const SWITCHOVER_WITHIN_MS = 60_000;
const QUIET_WITHIN_MS = 30_000;
const POLL_MS = 5;

/** Starts to look after what should go back to this engine. */
export function createHandOvers(options: HandOverOptions): HandOvers {
  const { host, engine, engines, peers, log } = options;
  let state: ReturnState = NO_RETURN;
  let giving = false;

  const look = (): void => {
    if (options.stopped()) return;
    const alive = new Set(peers().alive());
    const seats = options.seats().map((seat) => ({
      account: seat.account,
      wanted: seat.preferred === engine && !seat.leading() && alive.has(seat.holder()) && seat.couldTrade(),
    }));
    const step = stepReturn(state, seats, host.monotonicMs(), RETURN);
    state = step.state;
    const seat = options.seats().find(({ account }) => account === step.ask);
    if (seat !== undefined) peers().sendWant(seat.holder(), seat.account);
    host.after(LOOK_MS, look);
  };
  host.after(LOOK_MS, look);

  /** Waits for a condition while this engine leads the account; false when it did not come in time. */
  const until = async (seat: HandOverSeat, met: () => boolean, withinMs: number): Promise<boolean> => {
    const endMs = host.monotonicMs() + withinMs;
    while (seat.leading() && host.monotonicMs() < endMs && !options.stopped()) {
      if (met()) return true;
      await sleep(host, POLL_MS);
    }
    return met();
  };

  const switchOver = async (seat: HandOverSeat, { args, at }: StoredWish): Promise<Performed | undefined> => {
    const { from = '', to = '' } = args;
    const there = to === '' ? from !== engine : to === engine;
    if (there) {
      if (!(await until(seat, () => seat.active() !== undefined, QUIET_WITHIN_MS))) return undefined;
      seat.chosen = true;
      return { is: 'done', detail: `${engine} leads it` };
    }
    if (to !== '' && !engines.includes(to)) {
      return { is: 'refused', detail: `no engine is called ${to}: expected one of ${engines.join(', ')}` };
    }
    if (host.wallMs() - at > SWITCHOVER_WITHIN_MS) {
      return { is: 'refused', detail: `nobody has done it within ${SWITCHOVER_WITHIN_MS / 1000} s` };
    }
    const alive = peers().alive();
    const successor = to === '' ? alive[0] : alive.find((name) => name === to);
    if (successor === undefined) {
      const who = to === '' ? 'no other engine' : to;
      return { is: 'refused', detail: `${who} is not connected to ${engine}, which leads it` };
    }
    if (!(await seat.handOver(successor, 'switchover'))) {
      return { is: 'refused', detail: `${engine} is handing it over already` };
    }
    return undefined;
  };

  const pause = async (seat: HandOverSeat, wish: StoredWish): Promise<Performed | undefined> => {
    if (seat.pause() !== wish.id) return { is: 'done', detail: 'another wish came after it' };
    const quiet = (): boolean => seat.active()?.view().sending === false;
    if (await until(seat, quiet, QUIET_WITHIN_MS)) {
      const waiting = seat.active()?.view().waiting ?? 0;
      return { is: 'done', detail: `nothing is sent; ${waiting} waiting` };
    }
    if (!seat.leading()) return undefined;
    return { is: 'done', detail: 'nothing more is sent; a command is still at the terminal' };
  };

  return {
    wanted: (from, account) => {
      const seat = options.seats().find((one) => one.account === account);
      if (seat?.active() === undefined || giving || seat.preferred !== from) return;
      const settled = host.monotonicMs() - seat.activeSinceMs() >= SETTLED_MS;
      // A pause is a promise that nothing happens by itself; a person's choice stands until the next outage.
      if (!settled || seat.chosen || seat.pause() !== '') return;
      giving = true;
      log('gives_back', { account, to: from });
      void seat.handOver(from, 'moved_back').finally(() => {
        giving = false;
      });
    },
    perform: async (seat, wish) => {
      switch (wish.what) {
        case 'switchover':
          return switchOver(seat, wish);
        case 'pause':
          return pause(seat, wish);
        case 'resume':
          return {
            is: 'done',
            detail: seat.pause() === '' ? 'signals are sent again' : 'paused again since',
          };
        case 'reconcile':
          if (!(await until(seat, () => seat.active() !== undefined, QUIET_WITHIN_MS))) return undefined;
          return seat.active()?.reconcile();
        case 'resolve':
          if (!(await until(seat, () => seat.active() !== undefined, QUIET_WITHIN_MS))) return undefined;
          return seat.active()?.resolve(wish);
      }
    },
  };
}
