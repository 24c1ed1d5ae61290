/** Clients of a simulated Redis that wait: for replicas (WAIT), for a stream to grow (XREAD), for the end of a pause. */
import { type Command, RedisError, type RedisReply } from '@holdfast/ha-core';
import type { CommandRunner } from './command-runner.ts';
import type { Turn } from './redis-server.ts';
import { type Blocked, type ClientConnection, countReached, type RedisServerState } from './server-state.ts';
import { readAhead, readRequest } from './stream-commands.ts';

export const BLOCKED = Symbol('blocked');

export type Waiting = {
  readonly wait: (
    client: ClientConnection,
    command: Command,
    mayBlock: boolean,
  ) => RedisReply | typeof BLOCKED;
  readonly read: (client: ClientConnection, command: Command) => RedisReply | typeof BLOCKED;
  /** Answers those whose WAIT is satisfied by now. */
  readonly checkWaiting: () => void;
  readonly serveReaders: (grown: ReadonlySet<string>) => void;
  /** Writes are held back until `untilMs` of the node's clock; a longer pause stays. */
  readonly pause: (untilMs: number) => void;
  readonly unpause: () => void;
  /** Holds the client's next command back; true when there is a pause. */
  readonly holdBack: (client: ClientConnection) => boolean;
  /** The node's role changes: who waits for replicas or a stream gets an error and loses the connection. */
  readonly releaseAll: () => void;
};

type WaitingParts = {
  readonly state: RedisServerState;
  readonly turn: Turn;
  readonly runner: () => CommandRunner;
  readonly answer: (client: ClientConnection, reply: RedisReply) => void;
  readonly proceed: (client: ClientConnection) => void;
};

const UNBLOCKED =
  'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)';
const NOT_ON_REPLICAS =
  'ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is ' +
  'configured to be writable (which is not the default) writes to replicas are just local and are not propagated.';

export function createWaiting({ state, turn, runner, answer, proceed }: WaitingParts): Waiting {
  const { host } = state.process;
  let pausedUntilMs = 0;
  let cancelPause = (): void => undefined;

  const blocked = (client: ClientConnection, why: Blocked): typeof BLOCKED => {
    client.blocked = why;
    state.blockedOn[why.on] += 1;
    return BLOCKED;
  };

  const release = (client: ClientConnection): void => {
    const { blocked: why } = client;
    if (why === undefined) return;
    why.cancel();
    client.blocked = undefined;
    state.blockedOn[why.on] -= 1;
  };

  const unblock = (client: ClientConnection, why: Blocked | undefined, reply: () => RedisReply): void => {
    if (why === undefined || client.blocked !== why) return;
    release(client);
    answer(client, reply());
    proceed(client);
  };

  /** Unblocks after `ms`, for ever when that is 0. */
  const afterMs = (client: ClientConnection, ms: number, reply: () => RedisReply): (() => void) => {
    if (ms === 0) return () => undefined;
    return host.after(ms, () => turn.work(() => unblock(client, client.blocked, reply)));
  };

  const unpause = (): void => {
    cancelPause();
    pausedUntilMs = 0;
    for (const client of state.connections) {
      if (client.blocked?.on !== 'pause') continue;
      release(client);
      proceed(client);
    }
  };

  return {
    wait: (client, [, wanted, timeout, ...more], mayBlock) => {
      if (timeout === undefined || more.length > 0)
        return new RedisError("ERR wrong number of arguments for 'wait' command");
      if (state.primary !== undefined) return new RedisError(NOT_ON_REPLICAS);
      const [replicas, timeoutMs] = [Number(wanted), Number(timeout)];
      if (!Number.isInteger(replicas)) return new RedisError('ERR value is not an integer or out of range');
      if (!Number.isInteger(timeoutMs))
        return new RedisError('ERR timeout is not an integer or out of range');
      if (timeoutMs < 0) return new RedisError('ERR timeout is negative');
      const offset = client.writtenOffset;
      const reached = countReached(state, offset);
      if (reached >= replicas || !mayBlock) return reached;
      const cancel = afterMs(client, timeoutMs, () => countReached(state, offset));
      state.askReplicas = true;
      return blocked(client, { on: 'wait', replicas, offset, cancel });
    },
    read: (client, command) => {
      try {
        const request = readRequest(runner().context, command.slice(1));
        const there = readAhead(runner().context, request);
        if (there !== null || request.blockMs === undefined) return there;
        const cancel = afterMs(client, request.blockMs, () => null);
        return blocked(client, { on: 'stream', request, cancel });
      } catch (error) {
        if (error instanceof RedisError) return error;
        throw error;
      }
    },
    checkWaiting: () => {
      if (state.blockedOn.wait === 0) return;
      for (const client of state.connections) {
        const { blocked: why } = client;
        if (why?.on !== 'wait') continue;
        const reached = countReached(state, why.offset);
        if (reached >= why.replicas) unblock(client, why, () => reached);
      }
    },
    serveReaders: (grown) => {
      if (state.blockedOn.stream === 0) return;
      for (const client of state.connections) {
        const { blocked: why } = client;
        if (why?.on !== 'stream' || !why.request.streams.some(({ key }) => grown.has(key))) continue;
        const there = readAhead(runner().context, why.request);
        if (there !== null) unblock(client, why, () => there);
      }
    },
    pause: (untilMs) => {
      pausedUntilMs = Math.max(pausedUntilMs, untilMs);
      cancelPause();
      cancelPause = host.after(pausedUntilMs - host.monotonicMs(), () => turn.work(unpause));
    },
    unpause,
    holdBack: (client) => {
      if (host.monotonicMs() >= pausedUntilMs) return false;
      blocked(client, { on: 'pause', cancel: () => undefined });
      return true;
    },
    releaseAll: () => {
      for (const client of state.connections) {
        if (client.blocked === undefined || client.blocked.on === 'pause') continue;
        release(client);
        client.closing = true;
        turn.later(() => client.end.close());
        answer(client, new RedisError(UNBLOCKED));
      }
    },
  };
}

/** A client is gone: nothing of it waits any more. */
export function forgetWaiting(state: RedisServerState, client: ClientConnection): void {
  const { blocked } = client;
  if (blocked === undefined) return;
  blocked.cancel();
  state.blockedOn[blocked.on] -= 1;
  client.blocked = undefined;
}
