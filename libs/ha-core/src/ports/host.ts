/**
 * Host: time and chance. The only way by which a loop learns either, so that a simulation can own both.
 *
 * `monotonicMs` never goes back and says nothing about the date; every lease, deadline and time to live is
 * measured with it. `wallMs` is for what people read and for entries that travel between machines; it may
 * step at any moment (I10), so no rule may trust a difference of two wall clocks alone.
 */
export type Host = {
  /** Milliseconds, with fractions, since an arbitrary start. */
  readonly monotonicMs: () => number;
  /** Milliseconds since 1970-01-01 UTC, whole. */
  readonly wallMs: () => number;
  /**
   * Calls `run` once, not before `delayMs` have passed on `monotonicMs` (0 = as soon as the present work is done). Returns a
   * function that cancels it.
   */
  readonly after: (delayMs: number, run: () => void) => () => void;
  /** A number in [0, 1). */
  readonly random: () => number;
};

/** Waits `delayMs` on the given host. Never rejects. */
export function sleep(host: Host, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    host.after(delayMs, resolve);
  });
}
