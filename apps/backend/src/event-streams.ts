/**
 * Server-sent events: the open streams of this backend, with heartbeats, a bound on how many there are, and an end for
 * clients that do not read. A stream never queues more than its caller's last page; `ready` says when to send more.
 */
import type { ServerResponse } from 'node:http';
import type { Host } from '@holdfast/ha-core';
import type { FastifyReply } from 'fastify';
import { Refusal } from './answers.ts';
import type { Log } from './log.ts';

export type ServerSentEvent = {
  readonly event: string;
  readonly id?: string;
  readonly data: unknown;
};

export type EventStream = {
  /** Sends one event; without effect once the stream has ended. */
  readonly send: (event: ServerSentEvent) => void;
  /** False once the stream has ended; true when what was sent has left. A client that does not read is dropped. */
  readonly ready: () => Promise<boolean>;
  /** True when everything sent so far has left. */
  readonly idle: () => boolean;
  readonly ended: () => boolean;
  readonly onEnded: (listener: () => void) => void;
  /** Ends the stream with a last event that says why. */
  readonly end: (event: 'closing' | 'dropped', reason: string) => void;
};

export type EventStreams = {
  /** Takes over the reply and opens a stream. Throws a Refusal when there are too many. */
  readonly open: (reply: FastifyReply) => EventStream;
  readonly count: () => number;
  /** Ends all streams with the event `closing`, so that clients go to another backend at once. */
  readonly endAll: (reason: string) => void;
};

const STREAMS_MAX = 256;
const HEARTBEAT_MS = 10_000;
/** A client that took nothing for this long is dropped. */
const SLOW_MS = 15_000;
/** After its last event a stream's socket is closed at the latest after this time. */
const CLOSE_WITHIN_MS = 1000;
const RECONNECT_MS = 500;

export function createEventStreams(host: Host, log: Log): EventStreams {
  const streams = new Set<EventStream>();
  return {
    open: (reply) => {
      if (streams.size >= STREAMS_MAX) {
        throw new Refusal(429, 'too_many_requests', `${STREAMS_MAX} event streams are open already`, [], {
          headers: { 'retry-after': '10' },
        });
      }
      reply.hijack();
      const stream = openStream(reply.raw, host, log);
      streams.add(stream);
      stream.onEnded(() => streams.delete(stream));
      return stream;
    },
    count: () => streams.size,
    endAll: (reason) => {
      for (const stream of streams) stream.end('closing', reason);
    },
  };
}

function openStream(response: ServerResponse, host: Host, log: Log): EventStream {
  let ended = false;
  const listeners = new Set<() => void>();
  const finish = (): void => {
    if (ended) return;
    ended = true;
    cancelHeartbeat();
    for (const listener of listeners) listener();
    listeners.clear();
  };
  let cancelHeartbeat = (): void => undefined;
  const beat = (): void => {
    cancelHeartbeat = host.after(HEARTBEAT_MS, () => {
      if (ended) return;
      if (!response.writableNeedDrain) response.write(': heartbeat\n\n');
      beat();
    });
  };
  response.once('close', finish);
  response.once('error', finish);
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  response.write(`retry: ${RECONNECT_MS}\n\n`);
  beat();

  const end: EventStream['end'] = (event, reason) => {
    if (ended) return;
    finish();
    response.end(eventText({ event, data: { reason } }));
    host.after(CLOSE_WITHIN_MS, () => response.destroy());
  };

  const ready = (): Promise<boolean> => {
    if (ended) return Promise.resolve(false);
    if (!response.writableNeedDrain) return Promise.resolve(true);
    return new Promise((resolve) => {
      const done = (still: boolean): void => {
        cancel();
        response.removeListener('drain', drained);
        listeners.delete(over);
        resolve(still);
      };
      const drained = (): void => done(true);
      const over = (): void => done(false);
      const cancel = host.after(SLOW_MS, () => {
        log.warn({ slowMs: SLOW_MS }, 'an event stream was dropped: its client does not read');
        end('dropped', `nothing was read for ${SLOW_MS} ms`);
        done(false);
      });
      response.once('drain', drained);
      listeners.add(over);
    });
  };

  return {
    send: (event) => {
      if (!ended) response.write(eventText(event));
    },
    ready,
    idle: () => !response.writableNeedDrain,
    ended: () => ended,
    onEnded: (listener) => {
      if (ended) listener();
      else listeners.add(listener);
    },
    end,
  };
}

/** One event as it is on the wire. Its data is JSON, which holds no line break. */
function eventText(event: ServerSentEvent): string {
  const id = event.id === undefined ? '' : `id: ${event.id}\n`;
  return `${id}event: ${event.event}\ndata: ${JSON.stringify(event.data)}\n\n`;
}
