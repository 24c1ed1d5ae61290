/**
 * A log for lines that a client can cause at will, such as refusals: some of each kind per second, then only how many
 * more there were.
 */
import type { Host } from '@holdfast/ha-core';
import type { Log } from './log.ts';

export type QuietLog = (kind: string, fields: Readonly<Record<string, unknown>>, message: string) => void;

const LINES_PER_SECOND = 10;

/** `kind` must come from a small fixed set. */
export function createQuietLog(host: Pick<Host, 'monotonicMs'>, log: Pick<Log, 'info'>): QuietLog {
  const seen = new Map<string, { secondsStartMs: number; lines: number; left: number }>();
  return (kind, fields, message) => {
    const nowMs = host.monotonicMs();
    let state = seen.get(kind);
    if (state === undefined || nowMs - state.secondsStartMs >= 1000) {
      const leftOut = state?.left ?? 0;
      state = { secondsStartMs: nowMs, lines: 0, left: 0 };
      seen.set(kind, state);
      if (leftOut > 0) log.info({ code: kind, leftOut }, 'more refusals of this kind were not logged');
    }
    if (state.lines >= LINES_PER_SECOND) {
      state.left += 1;
      return;
    }
    state.lines += 1;
    log.info(fields, message);
  };
}
