/** A host whose time jumps to whatever is waited for, for tests: a wait takes its time and no moment of the test's. */
import type { Host } from '@holdfast/ha-core';

/** Begins at 0; `passes` lets more time go by. */
export function createJumpingHost(): {
  readonly host: Host;
  readonly nowMs: () => number;
  readonly passes: (ms: number) => void;
} {
  let nowMs = 0;
  const host = {
    monotonicMs: () => nowMs,
    after: (ms: number, run: () => void) => {
      nowMs += ms;
      setImmediate(run);
      return () => undefined;
    },
  } as unknown as Host;
  return {
    host,
    nowMs: () => nowMs,
    passes: (ms) => {
      nowMs += ms;
    },
  };
}
