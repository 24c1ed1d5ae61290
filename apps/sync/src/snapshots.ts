/** Takes a snapshot every so often and when something happened that is worth keeping; one at a time. */
import type { Snapshot } from '@holdfast/duckdb';
import type { Host } from '@holdfast/ha-core';
import type { Log } from '@holdfast/process';

export type SnapshotLoopOptions = {
  readonly host: Host;
  readonly everyMs: number;
  readonly take: () => Promise<Snapshot>;
  readonly log: Log;
  readonly onTaken?: (snapshot: Snapshot, tookMs: number) => void;
  readonly onFailed?: (error: Error) => void;
};

export type SnapshotLoop = {
  /** Something happened: a snapshot soon, with what else happens within `EVENT_PAUSE_MS`. */
  readonly request: (event: string) => void;
  readonly state: () => {
    readonly name: string | undefined;
    readonly ageMs: number | undefined;
    readonly lastError: string | undefined;
  };
  /** Ends after the snapshot that is under way. */
  readonly stop: () => Promise<void>;
};

const EVENT_PAUSE_MS = 1000;

/** Starts the loop; the first snapshot is due after `everyMs` unless one is requested. */
export function startSnapshots(options: SnapshotLoopOptions): SnapshotLoop {
  const { host, log } = options;
  let stopped = false;
  let running: Promise<void> | undefined;
  let taken: { name: string; atMs: number } | undefined;
  let lastError: string | undefined;
  let dueMs = host.monotonicMs() + options.everyMs;
  let cancel = (): void => undefined;

  const take = async (why: string): Promise<void> => {
    const startedMs = host.monotonicMs();
    try {
      const snapshot = await options.take();
      const tookMs = host.monotonicMs() - startedMs;
      taken = { name: snapshot.manifest.name, atMs: host.monotonicMs() };
      lastError = undefined;
      log.info(
        { snapshot: taken.name, rows: snapshot.manifest.rows, why, tookMs: Math.round(tookMs) },
        'snapshot taken',
      );
      options.onTaken?.(snapshot, tookMs);
    } catch (error) {
      lastError = String(error);
      log.error({ error: lastError, why }, 'snapshot failed: the older ones are kept');
      options.onFailed?.(error instanceof Error ? error : new Error(lastError));
    }
  };

  const schedule = (why: string): void => {
    cancel();
    if (stopped || running !== undefined) return;
    cancel = host.after(Math.max(0, dueMs - host.monotonicMs()), () => {
      dueMs = host.monotonicMs() + options.everyMs;
      running = take(why).finally(() => {
        running = undefined;
        schedule('time');
      });
    });
  };
  schedule('time');
  return {
    request: (event) => {
      const soonMs = host.monotonicMs() + EVENT_PAUSE_MS;
      if (soonMs >= dueMs) return;
      dueMs = soonMs;
      // While one is under way nothing is scheduled: its end schedules the next.
      schedule(event);
    },
    state: () => ({
      name: taken?.name,
      ageMs: taken === undefined ? undefined : host.monotonicMs() - taken.atMs,
      lastError,
    }),
    stop: async () => {
      stopped = true;
      cancel();
      await running;
    },
  };
}
