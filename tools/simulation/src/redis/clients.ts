/** The clients of a simulated Redis: pipelines in order, transactions, and commands that block. */
import { type Command, RedisError, type RedisReply } from '@holdfast/ha-core';
import type { WireEnd } from '../world/wire.ts';
import type { CommandRunner } from './command-runner.ts';
import type { Turn } from './redis-server.ts';
import { append } from './replication-log.ts';
import {
  type ClientConnection,
  type ClientRequest,
  countReached,
  offsetOf,
  type RedisServerState,
} from './server-state.ts';
import { readAhead, readRequest } from './stream-commands.ts';

export type ClientAnswer = { readonly id: number; readonly replies: readonly RedisReply[] };

export type Clients = {
  readonly receive: (end: WireEnd, request: ClientRequest) => void;
  readonly streamGrown: (key: string) => void;
  /** Answers those whose WAIT is satisfied by now. */
  readonly checkWaiting: () => void;
  /** The node's role changes: who is blocked gets an error and loses the connection. */
  readonly releaseBlocked: () => void;
  readonly closeAll: () => void;
};

type ClientParts = {
  readonly state: RedisServerState;
  readonly turn: Turn;
  readonly runner: () => CommandRunner;
};

const BLOCKED = Symbol('blocked');
const TRANSACTION = new Set(['MULTI', 'EXEC', 'DISCARD']);
const UNBLOCKED =
  'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)';

export function createClients({ state, turn, runner }: ClientParts): Clients {
  const byEnd = new Map<WireEnd, ClientConnection>();
  /** Streams that grew during the command under way. */
  let grown = new Set<string>();
  let asking: ClientConnection | undefined;

  const connectionOf = (end: WireEnd): ClientConnection => {
    let client = byEnd.get(end);
    if (client === undefined) {
      client = {
        end,
        queue: [],
        replies: [],
        transaction: undefined,
        writtenOffset: 0,
        blocked: undefined,
        closing: false,
      };
      byEnd.set(end, client);
      state.connections.add(client);
      end.onClosed(() => turn.work(() => drop(end)));
    }
    return client;
  };

  const drop = (end: WireEnd): void => {
    const client = byEnd.get(end);
    if (client === undefined) return;
    client.blocked?.cancel();
    client.blocked = undefined;
    client.closing = true;
    byEnd.delete(end);
    state.connections.delete(client);
  };

  const receive = (end: WireEnd, request: ClientRequest): void => {
    const client = connectionOf(end);
    for (const command of request.commands) client.queue.push({ request, command });
    if (request.commands.length === 0)
      turn.later(() => end.send({ id: request.id, replies: [] } satisfies ClientAnswer));
    proceed(client);
  };

  const proceed = (client: ClientConnection): void => {
    while (client.blocked === undefined && !client.closing) {
      const next = client.queue[0];
      if (next === undefined) return;
      asking = client;
      const reply = executeFor(client, next.command);
      asking = undefined;
      serveReaders();
      if (reply === BLOCKED) return;
      answer(client, reply);
    }
  };

  /** The reply of the command at the head of the queue. */
  const answer = (client: ClientConnection, reply: RedisReply): void => {
    const done = client.queue.shift();
    if (done === undefined) return;
    client.replies.push(reply);
    if (client.queue[0]?.request === done.request) return;
    const { replies } = client;
    client.replies = [];
    turn.later(() => client.end.send({ id: done.request.id, replies } satisfies ClientAnswer));
  };

  const executeFor = (client: ClientConnection, command: Command): RedisReply | typeof BLOCKED => {
    const name = command[0].toUpperCase();
    if (TRANSACTION.has(name)) return called(client, transactionStep(client, name));
    const refused = runner().check(command);
    if (refused !== undefined) {
      if (client.transaction !== undefined) client.transaction.broken = true;
      return refused;
    }
    if (client.transaction !== undefined) {
      client.transaction.queued.push(command);
      return 'QUEUED';
    }
    if (name === 'WAIT') return called(client, wait(client, command, true));
    if (name === 'XREAD') return called(client, read(client, command));
    const reply = runner().execute(command);
    log();
    return called(client, reply);
  };

  /** As Redis 7.0 does: whatever a client executes, its WAIT then waits for all that was written until then. */
  const called = <Reply>(client: ClientConnection, reply: Reply): Reply => {
    client.writtenOffset = offsetOf(state);
    return reply;
  };

  const transactionStep = (client: ClientConnection, name: string): RedisReply => {
    if (name === 'MULTI') {
      if (client.transaction !== undefined) return new RedisError('ERR MULTI calls can not be nested');
      client.transaction = { queued: [], broken: false };
      return 'OK';
    }
    if (name === 'DISCARD') {
      if (client.transaction === undefined) return new RedisError('ERR DISCARD without MULTI');
      client.transaction = undefined;
      return 'OK';
    }
    return executeTransaction(client);
  };

  const log = (): void => {
    const effects = runner().takeEffects();
    if (effects.length > 0) append(state.log, effects);
  };

  const executeTransaction = (client: ClientConnection): RedisReply => {
    const { transaction } = client;
    client.transaction = undefined;
    if (transaction === undefined) return new RedisError('ERR EXEC without MULTI');
    if (transaction.broken)
      return new RedisError('EXECABORT Transaction discarded because of previous errors.');
    const refused = transaction.queued
      .map((command) => runner().check(command))
      .find((error) => error !== undefined);
    if (refused !== undefined)
      return new RedisError(`EXECABORT Transaction discarded because of: ${refused.message}`);
    const replies = transaction.queued.map((command): RedisReply => {
      const reply =
        command[0].toUpperCase() === 'WAIT' ? wait(client, command, false) : runner().execute(command);
      return reply === BLOCKED ? null : reply;
    });
    log();
    return replies;
  };

  const wait = (
    client: ClientConnection,
    command: Command,
    mayBlock: boolean,
  ): RedisReply | typeof BLOCKED => {
    const [, wanted, timeout] = command;
    if (command.length !== 3) return new RedisError("ERR wrong number of arguments for 'wait' command");
    if (state.primary !== undefined) {
      return new RedisError(
        'ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is ' +
          'configured to be writable (which is not the default) writes to replicas are just local and are not propagated.',
      );
    }
    const [replicas, timeoutMs] = [Number(wanted), Number(timeout)];
    if (!Number.isInteger(replicas)) return new RedisError('ERR value is not an integer or out of range');
    if (!Number.isInteger(timeoutMs)) return new RedisError('ERR timeout is not an integer or out of range');
    if (timeoutMs < 0) return new RedisError('ERR timeout is negative');
    const offset = client.writtenOffset;
    const reached = countReached(state, offset);
    if (reached >= replicas || !mayBlock) return reached;
    const late = (): void =>
      turn.work(() => unblock(client, client.blocked, () => countReached(state, offset)));
    const cancel = timeoutMs === 0 ? () => undefined : state.process.host.after(timeoutMs, late);
    client.blocked = { on: 'wait', replicas, offset, cancel };
    state.askReplicas = true;
    return BLOCKED;
  };

  const read = (client: ClientConnection, command: Command): RedisReply | typeof BLOCKED => {
    try {
      const request = readRequest(runner().context, command.slice(1));
      const there = readAhead(runner().context, request);
      if (there !== null || request.blockMs === undefined) return there;
      const late = (): void => turn.work(() => unblock(client, client.blocked, () => null));
      const cancel =
        request.blockMs === 0 ? () => undefined : state.process.host.after(request.blockMs, late);
      client.blocked = { on: 'stream', request, cancel };
      return BLOCKED;
    } catch (error) {
      if (error instanceof RedisError) return error;
      throw error;
    }
  };

  const unblock = (
    client: ClientConnection,
    blocked: ClientConnection['blocked'],
    reply: () => RedisReply,
  ): void => {
    if (blocked === undefined || client.blocked !== blocked) return;
    blocked.cancel();
    client.blocked = undefined;
    answer(client, reply());
    proceed(client);
  };

  const serveReaders = (): void => {
    if (grown.size === 0) return;
    const keys = grown;
    grown = new Set();
    for (const client of state.connections) {
      const { blocked } = client;
      if (blocked?.on !== 'stream' || !blocked.request.streams.some(({ key }) => keys.has(key))) continue;
      const there = readAhead(runner().context, blocked.request);
      if (there !== null) unblock(client, blocked, () => there);
    }
  };

  const checkWaiting = (): void => {
    for (const client of state.connections) {
      const { blocked } = client;
      if (blocked?.on !== 'wait') continue;
      const reached = countReached(state, blocked.offset);
      if (reached >= blocked.replicas) unblock(client, blocked, () => reached);
    }
  };

  const releaseBlocked = (): void => {
    for (const client of state.connections) {
      const { blocked } = client;
      if (blocked === undefined) continue;
      blocked.cancel();
      client.blocked = undefined;
      client.closing = true;
      turn.later(() => client.end.close());
      answer(client, new RedisError(UNBLOCKED));
    }
  };

  return {
    receive,
    streamGrown: (key) => {
      grown.add(key);
      // A replica grows by what it applies, outside of any client's command.
      if (asking === undefined) serveReaders();
    },
    checkWaiting,
    releaseBlocked,
    closeAll: () => {
      for (const client of state.connections) {
        if (client === asking) continue;
        client.closing = true;
        turn.later(() => client.end.close());
      }
    },
  };
}
