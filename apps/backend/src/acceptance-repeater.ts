/**
 * Goes on repeating the writes that were answered `acceptance_unknown` (I1), by the same ids, until each is
 * acknowledged, certainly refused, or a minute has passed. A repeat asks only for the life that is left: a signal
 * that Redis never had must not start to live anew.
 */
import { backOffMs, type Host, type Signal, sleep } from '@holdfast/ha-core';
import type { SignalInbox } from '@holdfast/redis';
import type { Log } from './log.ts';

export type UnknownAcceptance = {
  readonly account: string;
  readonly signal: Signal;
  readonly ttlMs: number;
  /** Host monotonic time at which the client's request began. */
  readonly sinceMs: number;
};

export type AcceptanceRepeater = {
  readonly keep: (acceptance: UnknownAcceptance) => void;
  /** How many are being repeated now. */
  readonly count: () => number;
  /** Resolves when none is left or `withinMs` has passed. */
  readonly settle: (withinMs: number) => Promise<void>;
};

export type AcceptanceRepeaterOptions = {
  readonly name: string;
  readonly host: Host;
  readonly log: Log;
  readonly inbox: Pick<SignalInbox, 'accept'>;
};

/** Bound of the list; more are logged and left to the client, who was told to send the same again. */
const KEPT_MAX = 4096;
const REPEATED_FOR_MS = 60_000;
const ATTEMPT_MS = 2000;

export function createAcceptanceRepeater(options: AcceptanceRepeaterOptions): AcceptanceRepeater {
  const { host, inbox, log } = options;
  const kept = new Map<string, UnknownAcceptance>();

  const repeat = async (key: string, kept_: UnknownAcceptance): Promise<void> => {
    const { account, signal } = kept_;
    const line = { signalId: signal.id, account };
    for (let attempt = 0; ; attempt += 1) {
      const agedMs = host.monotonicMs() - kept_.sinceMs;
      if (agedMs >= REPEATED_FOR_MS) {
        log.error({ ...line, agedMs }, 'acceptance still unknown: no longer repeated');
        break;
      }
      const ttlMs = Math.max(1, Math.round(kept_.ttlMs - agedMs));
      const acceptance = await inbox.accept(account, signal, {
        ttlMs,
        by: options.name,
        deadlineMs: ATTEMPT_MS,
      });
      const open =
        acceptance.is === 'unknown' || (acceptance.is === 'not_stored' && acceptance.why !== 'stopped');
      if (!open) {
        log.info({ ...line, agedMs, is: acceptance.is }, 'acceptance is certain now');
        break;
      }
      await sleep(host, backOffMs(attempt, 50, 1000, host.random()));
    }
    kept.delete(key);
  };

  return {
    keep: (acceptance) => {
      const key = `${acceptance.account}/${acceptance.signal.id}`;
      const line = { signalId: acceptance.signal.id, account: acceptance.account };
      if (kept.has(key)) return;
      if (kept.size >= KEPT_MAX) {
        log.error({ ...line, kept: kept.size }, 'acceptance unknown and not repeated: the list is full');
        return;
      }
      kept.set(key, acceptance);
      log.warn(line, 'acceptance unknown: the write is being repeated');
      void repeat(key, acceptance);
    },
    count: () => kept.size,
    settle: async (withinMs) => {
      const startedMs = host.monotonicMs();
      while (kept.size > 0 && host.monotonicMs() - startedMs < withinMs) await sleep(host, 20);
    },
  };
}
