/**
 * The virtual Network: the port of ha-core over the wire of a world, with the bounds of the real links and the same
 * answers where the port leaves things open (listeners are called from a microtask of their own).
 * tests/contract/network/network.contract.test.ts holds it to the real one.
 */
import { type Endpoint, LINE_CHARACTERS_MAX, type Link, type Network } from '@holdfast/ha-core';
import type { VirtualProcess } from './virtual-process.ts';
import type { Wire, WireEnd } from './wire.ts';

export type VirtualNetworkOptions = {
  readonly keptLinesMax?: number;
};

const NOT_PRINTABLE = /[^\x20-\x7e]/;

/** The Network of one process. */
export function createVirtualNetwork(
  wire: Wire,
  process: VirtualProcess,
  options: VirtualNetworkOptions = {},
): Network {
  const keptLinesMax = options.keptLinesMax ?? 256;
  let nextPort = 40_000;
  return {
    listen: (endpoint, onLink) => {
      let port = endpoint.port;
      if (port === 0) {
        do nextPort += 1;
        while (wire.ownerOf(`${endpoint.host}:${nextPort}`) !== undefined);
        port = nextPort;
      }
      const unbind = wire.bind(process, `${endpoint.host}:${port}`, (end) =>
        onLink(linkOver(end, keptLinesMax)),
      );
      if (unbind === undefined) {
        return Promise.reject(
          new Error(`cannot listen at ${endpoint.host}:${port}: another process listens there`),
        );
      }
      return Promise.resolve({ port, close: unbind });
    },
    dial: (endpoint, deadlineMs) =>
      new Promise((resolve) => {
        wire.dial(process, addressOf(endpoint), deadlineMs, (dialled) => {
          if (dialled.is === 'open') resolve({ is: 'open', link: linkOver(dialled.end, keptLinesMax) });
          else resolve({ ...dialled, detail: `${addressOf(endpoint)}: ${dialled.why}` });
        });
      }),
  };
}

const addressOf = (endpoint: Endpoint): string => `${endpoint.host}:${endpoint.port}`;

function linkOver(end: WireEnd, keptLinesMax: number): Link {
  const kept: string[] = [];
  const closedListeners: ((reason: string) => void)[] = [];
  let receive: ((line: string) => void) | undefined;
  let closedReason: string | undefined;
  let closedHere = false;

  const closed = (reason: string): void => {
    if (closedReason !== undefined) return;
    closedReason = reason;
    for (const listener of closedListeners.splice(0)) queueMicrotask(() => listener(reason));
  };
  const cutOff = (reason: string): void => {
    closedHere = true;
    kept.length = 0;
    closed(reason);
    end.close();
  };
  const deliverKept = (): void => {
    while (receive !== undefined && !closedHere) {
      const line = kept.shift();
      if (line === undefined) return;
      receive(line);
    }
  };

  end.onMessage((message) => {
    if (closedReason !== undefined) return;
    const line = String(message);
    if (receive !== undefined && kept.length === 0) receive(line);
    else if (kept.length >= keptLinesMax)
      cutOff(`more than ${keptLinesMax} lines came before anyone took them`);
    else kept.push(line);
  });
  end.onClosed(closed);

  return {
    remote: end.peer,
    send: (line) => {
      if (NOT_PRINTABLE.test(line))
        throw new Error('a line to send must be printable ASCII without line breaks');
      if (closedReason !== undefined) return false;
      if (line.length > LINE_CHARACTERS_MAX) {
        cutOff(`a line above ${LINE_CHARACTERS_MAX} characters was to be sent`);
        return false;
      }
      return end.send(line);
    },
    onLine: (listener) => {
      receive = listener;
      queueMicrotask(deliverKept);
    },
    onClosed: (listener) => {
      if (closedReason === undefined) closedListeners.push(listener);
      else {
        const reason = closedReason;
        queueMicrotask(() => listener(reason));
      }
    },
    close: () => {
      if (!closedHere) cutOff('closed here');
    },
  };
}
