/** A node in the eyes of a warden, for tests: it answers in time, as what the test says. */
import type { NodeWatch } from '../node-watch.ts';

/** `name` is `host:port` with a port of one digit. What is not given is of a node that is there. */
export function fakeWatch(name: string, more: Pick<NodeWatch, 'seen'> & Partial<NodeWatch>): NodeWatch {
  return {
    name,
    endpoint: { host: name.slice(0, -2), port: Number(name.slice(-1)) },
    answeredAtMs: () => undefined,
    silentSinceMs: () => undefined,
    goneSinceMs: () => undefined,
    isDoubted: () => false,
    isProcessGone: () => false,
    hasQuit: () => false,
    tick: () => undefined,
    askAnew: () => undefined,
    close: () => undefined,
    ...more,
  };
}
