/**
 * RedisNode: one connection to one Redis (or Sentinel) process, cut low: commands in, replies out.
 *
 * Semantics that every implementation keeps (tests/contract/redis/redis-node.contract.test.ts):
 * - `run` sends its commands as one pipeline, in order, and resolves with one reply per command.
 * - An error reply is a value (`RedisError`), not a rejection: the commands after it ran all the same.
 * - When the deadline passes or the connection breaks, `run` rejects with `NodeUnavailable`. If `sent` is true any
 *   prefix of the commands may have been executed; if it is false none was. The connection is closed then.
 * - Nothing is sent again, nothing is queued while closed: a closed node stays closed, its owner opens a new one.
 * - WAIT covers the writes of this connection only, so a write and its WAIT belong in one `run`.
 */
import type { Endpoint } from './network.ts';

export type Command = readonly [string, ...string[]];

export type RedisReply = string | number | null | RedisError | readonly RedisReply[];

/** An error reply of Redis: `code` is its first word (`NOSCRIPT`, `OOM`, `READONLY`, `ERR`). */
export class RedisError extends Error {
  readonly code: string;
  constructor(message: string) {
    super(message);
    this.name = 'RedisError';
    this.code = message.split(' ', 1)[0] ?? 'ERR';
  }
}

/** The connection is gone or did not answer in time. `sent` false: certainly nothing was executed. */
export class NodeUnavailable extends Error {
  readonly sent: boolean;
  constructor(message: string, sent: boolean, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NodeUnavailable';
    this.sent = sent;
  }
}

export type RedisNode = {
  readonly endpoint: Endpoint;
  readonly run: (commands: readonly Command[], deadlineMs: number) => Promise<RedisReply[]>;
  /** Called once with the reason, also when the node is closed already. */
  readonly onClosed: (listener: (reason: string) => void) => void;
  readonly close: () => void;
};

/** Opens connections. Rejects with `NodeUnavailable` within `deadlineMs`. */
export type RedisNodes = {
  readonly open: (endpoint: Endpoint, deadlineMs: number) => Promise<RedisNode>;
};
