/** The clients of a simulated Redis: pipelines in order, transactions, subscriptions; what waits is in waiting.ts. */
import { type Command, RedisError, type RedisReply } from '@holdfast/ha-core';
import type { WireEnd } from '../world/wire.ts';
import type { CommandRunner } from './command-runner.ts';
import type { Turn } from './redis-server.ts';
import { append } from './replication-log.ts';
import {
  type ClientConnection,
  type ClientRequest,
  offsetOf,
  type RedisServerState,
} from './server-state.ts';
import { BLOCKED, createWaiting, forgetWaiting } from './waiting.ts';

export type ClientAnswer = { readonly id: number; readonly replies: readonly RedisReply[] };

export type Clients = {
  readonly receive: (end: WireEnd, request: ClientRequest) => void;
  readonly streamGrown: (key: string) => void;
  /** Answers those whose WAIT is satisfied by now. */
  readonly checkWaiting: () => void;
  /** The node's role changes: who is blocked gets an error and loses the connection. */
  readonly releaseBlocked: () => void;
  /** Ends the connections of a kind, but not the one that asks; how many. */
  readonly kill: (kind: 'normal' | 'pubsub') => number;
  /** Sends a message to the subscribers of a channel; how many there are. */
  readonly publish: (channel: string, text: string) => number;
  readonly pauseWrites: (ms: number) => void;
  readonly resumeWrites: () => void;
};

type ClientParts = {
  readonly state: RedisServerState;
  readonly turn: Turn;
  readonly runner: () => CommandRunner;
};

const TRANSACTION = new Set(['MULTI', 'EXEC', 'DISCARD']);

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
        channel: undefined,
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
    forgetWaiting(state, client);
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

  const waiting = createWaiting({ state, turn, runner, answer, proceed });

  const executeFor = (client: ClientConnection, command: Command): RedisReply | typeof BLOCKED => {
    const name = command[0].toUpperCase();
    if (mayWrite(client, name, command) && waiting.holdBack(client)) return BLOCKED;
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
    if (name === 'WAIT') return called(client, waiting.wait(client, command, true));
    if (name === 'XREAD') return called(client, waiting.read(client, command));
    if (name === 'SUBSCRIBE') {
      client.channel = command[1];
      return ['subscribe', command[1] ?? '', 1];
    }
    const reply = runner().execute(command);
    log();
    return called(client, reply);
  };

  /** What a pause of writes holds back. */
  const mayWrite = (client: ClientConnection, name: string, command: Command): boolean =>
    name === 'EXEC'
      ? client.transaction?.queued.some((queued) => runner().writes(queued)) === true
      : runner().writes(command);

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
        command[0].toUpperCase() === 'WAIT'
          ? waiting.wait(client, command, false)
          : runner().execute(command);
      return reply === BLOCKED ? null : reply;
    });
    log();
    return replies;
  };

  const serveReaders = (): void => {
    if (grown.size === 0) return;
    const keys = grown;
    grown = new Set();
    waiting.serveReaders(keys);
  };

  return {
    receive,
    streamGrown: (key) => {
      grown.add(key);
      // A replica grows by what it applies, outside of any client's command.
      if (asking === undefined) serveReaders();
    },
    checkWaiting: waiting.checkWaiting,
    releaseBlocked: waiting.releaseAll,
    kill: (kind) => {
      const killed = [...state.connections].filter(
        (client) => client !== asking && (client.channel === undefined) === (kind === 'normal'),
      );
      for (const client of killed) {
        client.closing = true;
        turn.later(() => client.end.close());
      }
      return killed.length;
    },
    publish: (channel, text) => {
      const heard = [...state.connections].filter((client) => client.channel === channel);
      for (const { end } of heard) {
        turn.later(() => end.send({ id: 0, replies: [['message', channel, text]] } satisfies ClientAnswer));
      }
      return heard.length;
    },
    pauseWrites: (ms) => waiting.pause(state.process.host.monotonicMs() + ms),
    resumeWrites: waiting.unpause,
  };
}
