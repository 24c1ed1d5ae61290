/**
 * The wish to stop: the first SIGINT, SIGTERM or SIGHUP. One Ctrl-C can arrive several times (from the terminal and
 * from each process in between), so only a signal that comes clearly later means "hurry".
 */
import type { Host } from '@holdfast/ha-core';

export type StopRequest = {
  /** Resolves at the first signal. */
  readonly made: Promise<void>;
  readonly isMade: () => boolean;
  /** Calls `hurry` at each signal that comes clearly after the first. */
  readonly onHurry: (hurry: () => void) => void;
};

const SAME_WISH_MS = 1500;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Listens from now on; the signals no longer end the process by themselves. */
export function createStopRequest(host: Host): StopRequest {
  let firstMs: number | undefined;
  let hurry: () => void = () => undefined;
  const made = new Promise<void>((resolve) => {
    const asked = (): void => {
      if (firstMs === undefined) {
        firstMs = host.monotonicMs();
        resolve();
      } else if (host.monotonicMs() - firstMs > SAME_WISH_MS) hurry();
    };
    for (const signal of SIGNALS) process.on(signal, asked);
  });
  return {
    made,
    isMade: () => firstMs !== undefined,
    onHurry: (call) => {
      hurry = call;
    },
  };
}
