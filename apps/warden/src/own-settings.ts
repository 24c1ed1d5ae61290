/** What a warden keeps set at its own Sentinel. It stands in Sentinel's file from then on: whoever finds another value sets it right. */
import { type Command, type Host, RedisError, type RedisReply } from '@holdfast/ha-core';

export type OwnSettingsOptions = {
  readonly host: Pick<Host, 'monotonicMs'>;
  /** Sentinel's name for the primary. */
  readonly primaryName: string;
  /** The down-after time that it should have now; undefined where that is left alone. */
  readonly downAfterMs: (() => number) | undefined;
  readonly failoverTimeoutMs: number;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

export type OwnSettings = {
  /** Compares the reply to MASTER, by field, and sets what differs. Rejects as `ask` does. */
  readonly setRight: (
    row: Readonly<Record<string, string>>,
    ask: (commands: readonly Command[]) => Promise<readonly RedisReply[]>,
  ) => Promise<void>;
};

/** Another warden sets it for a moment, so that a failover ends (`unseen-promotion.ts`). */
const FOR_A_MOMENT_MS = 1000;

/** Sets nothing before the first call. */
export function createOwnSettings(options: OwnSettingsOptions): OwnSettings {
  const { host, primaryName, downAfterMs } = options;
  /** Since when the failover timeout is another one. */
  let otherSinceMs: number | undefined;

  const isOtherForLong = (found: string | undefined): boolean => {
    const nowMs = host.monotonicMs();
    if (found === undefined || Number(found) === options.failoverTimeoutMs) otherSinceMs = undefined;
    else otherSinceMs ??= nowMs;
    return otherSinceMs !== undefined && nowMs - otherSinceMs >= FOR_A_MOMENT_MS;
  };

  return {
    setRight: async (row, ask) => {
      const set = async (field: string, ms: number, event: string): Promise<void> => {
        const [reply] = await ask([['SENTINEL', 'SET', primaryName, field, String(ms)]]);
        const refused = reply instanceof RedisError ? { refused: reply.message } : {};
        options.log(event, { was: Number(row[field]), ms, ...refused });
      };
      const wantedMs = downAfterMs?.();
      if (wantedMs !== undefined && row['down-after-milliseconds'] !== String(wantedMs))
        await set('down-after-milliseconds', wantedMs, 'sentinel_waits');
      if (isOtherForLong(row['failover-timeout']))
        await set('failover-timeout', options.failoverTimeoutMs, 'sentinel_failover_timeout');
    },
  };
}
