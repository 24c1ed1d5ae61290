/** Sends the status to the open consoles: once a second, and soon after a record has come. The latest wins. */
import type { Host } from '@holdfast/ha-core';
import type { EventStream } from './event-streams.ts';
import type { Log } from './log.ts';
import type { RecordHub } from './record-hub.ts';
import type { Status } from './status.ts';

export type StatusStream = { readonly add: (stream: EventStream) => void };

const EVERY_MS = 1000;
const AFTER_NEWS_MS = 250;

export function createStatusStream(options: {
  readonly host: Host;
  readonly log: Log;
  readonly status: Status;
  readonly hub: RecordHub;
}): StatusStream {
  const { host } = options;
  const streams = new Set<EventStream>();
  let cancel: (() => void) | undefined;
  let dueMs = Number.POSITIVE_INFINITY;
  let number = 0;

  const schedule = (inMs: number): void => {
    const at = host.monotonicMs() + inMs;
    if (streams.size === 0 || at >= dueMs) return;
    cancel?.();
    dueMs = at;
    cancel = host.after(inMs, () => void turn());
  };

  const turn = async (): Promise<void> => {
    dueMs = Number.POSITIVE_INFINITY;
    cancel = undefined;
    if (streams.size === 0) return;
    schedule(EVERY_MS);
    const status = await options.status.read();
    number += 1;
    for (const stream of streams) {
      if (stream.idle()) stream.send({ event: 'status', id: String(number), data: status });
      // Dropped when it has read nothing for too long.
      else void stream.ready();
    }
  };

  options.hub.onNews(() => schedule(AFTER_NEWS_MS));
  return {
    add: (stream) => {
      streams.add(stream);
      stream.onEnded(() => streams.delete(stream));
      options.hub.start().catch((error: unknown) => {
        options.log.debug({ err: error }, 'status shows no news of records yet');
      });
      schedule(0);
    },
  };
}
