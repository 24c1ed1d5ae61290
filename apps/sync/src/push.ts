/**
 * DuckDB → ClickHouse. Batches are cut by number range, the cut is durable before it is sent, and what is cut is sent
 * until it is confirmed (I8).
 *
 * Three ways to fail. ClickHouse is silent: nothing further is cut, tries back off, and a ping that answers after one
 * that did not ends the wait. It answers with an error that is not about the rows: the batch waits with back-off, the
 * others go on, within a bound. It refuses the rows: the batch is halved until the row that it refuses stands alone,
 * which is set aside, shown, and tried again rarely.
 *
 * A ClickHouse that lost what it had confirmed (a new one, or one from a backup) is noticed at the start and after every
 * failure, by the last number that it has of each account, and is sent the rest again.
 */
import { type ResultArchive } from '@holdfast/clickhouse';
import type { PushBatch, PushStore, ResultStore } from '@holdfast/duckdb';
import { backOffMs, type Host } from '@holdfast/ha-core';
import type { Log } from '@holdfast/process';

export type PushOptions = {
  readonly host: Host;
  readonly store: PushStore;
  readonly results: Pick<ResultStore, 'positions' | 'rows'>;
  readonly archive: Pick<ResultArchive, 'prepare' | 'lastNumbers' | 'insert' | 'answers'>;
  readonly log: Log;
  readonly retryFirstMs: number;
  readonly retryMostMs: number;
  readonly rowsMax?: number;
  readonly probeMs?: number;
  /** What comes within this time travels together: ClickHouse wants few inserts, and every insert is a file. */
  readonly gatherMs?: number;
  readonly onConfirmed?: (batch: PushBatch, rows: number) => void;
  readonly onFailed?: (batch: PushBatch, error: string) => void;
};

export type Push = {
  /** There may be something to push. */
  readonly wake: () => void;
  readonly state: () => { readonly available: boolean; readonly lastError: string | undefined };
  /** Ends after the batch that is under way. */
  readonly stop: () => Promise<void>;
};

/** Tries so far and when the next is due (monotonic). In memory: after a restart every open batch is due at once. */
type Waiting = { readonly attempts: number; readonly dueMs: number };

/** Reading and sending this many keeps the event loop for less than 20 ms. */
const ROWS_MAX = 500;
const PROBE_MS = 1000;
const GATHER_MS = 500;
/** Batches of one account that ClickHouse refuses for reasons of its own; beyond it nothing further is cut. */
const OPEN_BATCHES_MAX = 64;

/** Starts the loop. */
export function startPush(options: PushOptions): Push {
  const { host, store, log } = options;
  const waiting = new Map<string, Waiting>();
  let prepared = false;
  /** Whether what ClickHouse has was compared with what it confirmed, since it last failed. */
  let compared = false;
  /** ClickHouse: answering; silent since the last try; silent also when it was pinged. */
  let archive: 'answering' | 'silent' | 'gone' = 'answering';
  let lastError: string | undefined;
  let stopped = false;
  let woken = false;
  let wakeUp = (): void => undefined;

  const failed = async (batch: PushBatch, error: string, setAside: boolean): Promise<void> => {
    const attempts = waiting.get(nameOf(batch))?.attempts ?? 0;
    const delayMs = setAside
      ? options.retryMostMs
      : backOffMs(attempts, options.retryFirstMs, options.retryMostMs, host.random());
    waiting.set(nameOf(batch), { attempts: attempts + 1, dueMs: host.monotonicMs() + delayMs });
    await store.fail(batch, error, Math.round(host.wallMs() + delayMs), setAside);
    options.onFailed?.(batch, error);
  };

  const send = async (batch: PushBatch): Promise<void> => {
    const count = batch.last - batch.first + 1;
    const rows = await options.results.rows(batch.account, batch.first - 1, count);
    if (rows.length !== count) {
      throw new Error(`${nameOf(batch)}: ${rows.length} rows in DuckDB, expected ${count}`);
    }
    const outcome = await options.archive.insert(rows);
    if (outcome.is === 'confirmed') {
      await store.confirm(batch);
      waiting.delete(nameOf(batch));
      options.onConfirmed?.(batch, count);
      return;
    }
    lastError = outcome.detail;
    if (outcome.is === 'unavailable') {
      compared = false;
      if (!outcome.answered) archive = 'silent';
      log.warn({ ...batch, error: outcome.detail }, 'batch not confirmed: it will be sent again');
      return failed(batch, outcome.detail, false);
    }
    if (count === 1) {
      log.error({ ...batch, error: outcome.detail }, 'row set aside: ClickHouse refuses its content');
      return failed(batch, outcome.detail, true);
    }
    await failed(batch, outcome.detail, false);
    const halves = await store.halve(batch);
    waiting.delete(nameOf(batch));
    log.warn({ ...batch, error: outcome.detail }, 'batch refused for its content: halved');
    for (const half of halves) if (archive === 'answering' && !stopped) await send(half);
  };

  const compare = async (): Promise<void> => {
    await options.archive.prepare();
    const lastNumbers = await options.archive.lastNumbers();
    for (const { account, pushed } of await options.results.positions()) {
      const last = lastNumbers.get(account) ?? 0;
      if (last >= pushed) continue;
      await store.sendAfter(account, last);
      waiting.clear();
      log.warn(
        { account, from: last + 1, to: pushed },
        'ClickHouse lacks what it confirmed: it is sent again',
      );
    }
    prepared = true;
    compared = true;
  };

  /** Sends what is due and cuts what is new, until nothing is left or ClickHouse is silent. */
  const round = async (): Promise<void> => {
    if (!compared) await compare();
    const open = await store.open();
    for (const batch of open) {
      if (stopped || archive !== 'answering') return;
      if ((waiting.get(nameOf(batch))?.dueMs ?? 0) <= host.monotonicMs()) await send(batch);
    }
    for (const { account, synced, cut } of await options.results.positions()) {
      let openBatches = open.filter((batch) => batch.account === account).length;
      for (let at = cut; at < synced && openBatches < OPEN_BATCHES_MAX; openBatches += 1) {
        if (stopped || archive !== 'answering') return;
        const batch = await store.cut(account, options.rowsMax ?? ROWS_MAX);
        if (batch === undefined) break;
        await send(batch);
        at = batch.last;
      }
    }
  };

  const probe = async (): Promise<void> => {
    if (!(await options.archive.answers())) {
      archive = 'gone';
      return;
    }
    if (archive === 'gone') waiting.clear();
    archive = 'answering';
  };

  const answering = (): boolean => archive === 'answering' && prepared;
  let roundAtMs = 0;

  /** Until the next round: woken, what comes next is gathered; else what is due, or the probe. */
  const pauseMs = (): number => {
    const nowMs = host.monotonicMs();
    const probeMs = options.probeMs ?? PROBE_MS;
    if (!answering()) return probeMs;
    if (woken) return Math.max(0, roundAtMs + (options.gatherMs ?? GATHER_MS) - nowMs);
    const dueMs = Math.min(...[...waiting.values()].map((each) => each.dueMs)) - nowMs;
    return Math.max(10, Math.min(probeMs, dueMs));
  };

  const loop = async (): Promise<void> => {
    while (!stopped) {
      woken = false;
      roundAtMs = host.monotonicMs();
      try {
        if (archive !== 'answering') await probe();
        if (archive === 'answering') await round();
        if (archive === 'silent') await probe();
      } catch (error) {
        if (!prepared) archive = 'silent';
        lastError = String(error);
        log.warn({ error: lastError }, 'push waits');
      }
      let again = !stopped;
      while (again) {
        again = await new Promise<boolean>((resolve) => {
          const cancel = host.after(pauseMs(), () => resolve(false));
          wakeUp = () => {
            cancel();
            resolve(!stopped);
          };
        });
      }
    }
  };
  const ended = loop();
  return {
    wake: () => {
      const first = !woken;
      woken = true;
      // While ClickHouse does not answer, the probe sets the pace.
      if (first && answering()) wakeUp();
    },
    state: () => ({ available: answering(), lastError }),
    stop: () => {
      stopped = true;
      wakeUp();
      return ended;
    },
  };
}

const nameOf = (batch: PushBatch): string => `${batch.account}:${batch.first}-${batch.last}`;
