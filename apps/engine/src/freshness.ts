/**
 * When the terminal's lists are read: at once when a decision needs them, soon after the terminal told of a change,
 * and now and then anyway. `stale` says that something happened at the broker that the holdings do not show yet.
 */
import type { BridgeSession } from '@holdfast/bridge';
import type { Host } from '@holdfast/ha-core';
import type { Holdings } from './holdings.ts';

export type FreshnessOptions = {
  readonly host: Host;
  readonly holdings: Holdings;
  /** A session that can answer now. */
  readonly witness: () => BridgeSession | undefined;
  readonly later: (delayMs: number, run: () => void) => void;
  /** The lists were read, or could not be; decisions may be tried again. */
  readonly onRead: () => void;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

export type Freshness = {
  readonly stale: () => boolean;
  readonly markStale: () => void;
  /** Reads the whole lists, unless a reading is under way. */
  readonly readNow: () => void;
  /** Reads what changed within the next moment, together: the newest deals, or all of it when it is stale. */
  readonly readSoon: () => void;
  /** Reads the whole lists when that was longer ago than this. */
  readonly readIfOld: (oldMs: number) => void;
};

const AGAIN_MS = 500;
/** Changes that the terminal tells of within this time are read together. */
const GATHER_MS = 150;

/** Starts with lists that nobody has read under this leadership. */
export function createFreshness(options: FreshnessOptions): Freshness {
  const { host, holdings, later } = options;
  let stale = false;
  let reading = false;
  let planned = false;

  const read = async (whole: boolean): Promise<void> => {
    const witness = options.witness();
    if (reading || witness === undefined) return;
    reading = true;
    const wasStale = stale;
    if (whole) stale = false;
    try {
      await (whole ? holdings.refresh(witness, wasStale) : holdings.catchUp(witness));
    } catch (error) {
      stale = stale || (whole && wasStale);
      later(AGAIN_MS, () => void read(whole));
      options.log('holdings_not_refreshed', {
        reason: error instanceof Error ? error.message : String(error),
      });
    }
    reading = false;
    options.onRead();
  };

  const readSoon = (): void => {
    if (planned) return;
    planned = true;
    later(GATHER_MS, () => {
      planned = false;
      if (reading) readSoon();
      else void read(stale);
    });
  };

  return {
    stale: () => stale,
    markStale: () => {
      stale = true;
    },
    readNow: () => void read(true),
    readSoon,
    readIfOld: (oldMs) => {
      if (host.monotonicMs() - holdings.refreshedAtMs() > oldMs) void read(true);
    },
  };
}
