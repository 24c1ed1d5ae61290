/** Waits for conditions with a limit and says what was missing when it ran out. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Endpoint } from '@holdfast/ha-core';
import { httpMissing } from '@holdfast/local-cluster';

const READY_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 50;

/** Resolves once `missing` answers undefined. Throws with its last answer when that takes too long. */
export async function until(missing: () => Promise<string | undefined>, what: string): Promise<void> {
  const endMs = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const why = await missing();
    if (why === undefined) return;
    if (performance.now() > endMs)
      throw new Error(`${what} is not ready after ${READY_WITHIN_MS} ms: ${why}`);
    await pause(LOOK_EVERY_MS);
  }
}

/** Resolves once a process answers 200 at the path. */
export function untilReady(endpoint: Endpoint, path: string): Promise<void> {
  return until(() => httpMissing(endpoint, path), `${endpoint.host}:${endpoint.port}`);
}
