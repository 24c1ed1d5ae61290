/** A Network in memory, for tests: lines arrive in order after `delayMs`; `cut` breaks links as a pulled cable does. */
import type { Endpoint, Host, Link, Network } from '@holdfast/ha-core';

export type MemoryNetwork = Network & {
  /** Breaks every link to that port; both ends hear of it. */
  readonly cut: (port: number) => void;
  /** Lines to and from that port vanish, unnoticed by either end, until `thaw`. */
  readonly freeze: (port: number) => void;
  readonly thaw: (port: number) => void;
};

type End = Link & { readonly take: (line: string) => void; readonly end: (reason: string) => void };

/** A network on the given host; `delayMs` is the time that a line takes. */
export function createMemoryNetwork(host: Host, delayMs = 0): MemoryNetwork {
  const listeners = new Map<number, (link: Link) => void>();
  const pairs = new Map<number, Set<() => void>>();
  const frozen = new Set<number>();
  let freePort = 40_000;

  const pair = (port: number): [End, End] => {
    const ends: { a?: End; b?: End } = {};
    const a = memoryEnd(
      host,
      delayMs,
      `engine:${port}`,
      () => ends.b,
      () => frozen.has(port),
    );
    const b = memoryEnd(
      host,
      delayMs,
      `bridge:${port}`,
      () => ends.a,
      () => frozen.has(port),
    );
    ends.a = a;
    ends.b = b;
    const breakBoth = (): void => {
      a.end('cut');
      b.end('cut');
    };
    const all = pairs.get(port) ?? new Set();
    pairs.set(port, all.add(breakBoth));
    a.onClosed(() => all.delete(breakBoth));
    return [a, b];
  };

  return {
    listen: (endpoint: Endpoint, onLink) => {
      const port = endpoint.port === 0 ? (freePort += 1) : endpoint.port;
      if (listeners.has(port)) return Promise.reject(new Error(`port ${port} is taken`));
      listeners.set(port, onLink);
      return Promise.resolve({ port, close: () => void listeners.delete(port) });
    },
    dial: (endpoint) =>
      new Promise((resolve) => {
        host.after(delayMs, () => {
          const onLink = listeners.get(endpoint.port);
          if (onLink === undefined || frozen.has(endpoint.port)) {
            resolve({ is: 'failed', why: onLink === undefined ? 'refused' : 'timeout', detail: 'in memory' });
            return;
          }
          const [ours, theirs] = pair(endpoint.port);
          onLink(theirs);
          resolve({ is: 'open', link: ours });
        });
      }),
    cut: (port) => {
      for (const breakBoth of pairs.get(port) ?? []) breakBoth();
    },
    freeze: (port) => void frozen.add(port),
    thaw: (port) => void frozen.delete(port),
  };
}

function memoryEnd(
  host: Host,
  delayMs: number,
  remote: string,
  other: () => End | undefined,
  isFrozen: () => boolean,
): End {
  let closed: string | undefined;
  let receive: ((line: string) => void) | undefined;
  const early: string[] = [];
  const listeners: ((reason: string) => void)[] = [];
  const end = (reason: string): void => {
    if (closed !== undefined) return;
    closed = reason;
    for (const listener of listeners) listener(reason);
  };
  return {
    remote,
    send: (line) => {
      if (closed !== undefined) return false;
      if (!isFrozen()) host.after(delayMs, () => other()?.take(line));
      return true;
    },
    onLine: (receiver) => {
      receive = receiver;
      for (const line of early.splice(0)) receiver(line);
    },
    onClosed: (listener) => {
      if (closed === undefined) listeners.push(listener);
      else listener(closed);
    },
    close: () => {
      end('closed');
      host.after(delayMs, () => other()?.end('closed by the other end'));
    },
    take: (line) => {
      if (closed !== undefined) return;
      if (receive === undefined) early.push(line);
      else receive(line);
    },
    end,
  };
}
