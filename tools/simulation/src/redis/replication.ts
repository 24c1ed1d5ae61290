/**
 * Asynchronous replication of a simulated Redis, both ends. A replica that was cut off goes on from where it was when
 * the primary's history still joins (PSYNC), else it takes a full copy. A node that stops being a primary keeps its
 * own offset until it has synchronised: it may look more complete than it is, because Sentinel compares
 * offsets without the replication id.
 */
import type { Endpoint } from '@holdfast/ha-core';
import type { Wire, WireEnd } from '../world/wire.ts';
import { copyDataSet } from './data-set.ts';
import type { Turn } from './redis-server.ts';
import { accept, append, createLog, type Effect, entriesAfter } from './replication-log.ts';
import {
  countGoodReplicas,
  type PrimaryLink,
  type ReplicaLink,
  type RedisServerState,
  type ReplicationMessage,
} from './server-state.ts';

export type Replication = {
  /** Becomes a replica of the endpoint, or a primary. */
  readonly follow: (of: Endpoint | undefined) => void;
  readonly receive: (end: WireEnd, message: ReplicationMessage) => void;
  /** Sends the replicas what is new, after this turn's flush. */
  readonly feed: () => void;
  readonly everySecond: () => void;
};

type ReplicationParts = {
  readonly state: RedisServerState;
  readonly wire: Wire;
  readonly turn: Turn;
  readonly apply: (effect: Effect) => void;
  readonly onPrimary: () => void;
};

/** A full copy takes so long at least: the child process that writes it. */
const FULL_COPY_MS = 20;
/** A lost link is opened again at once; where that fails, with the next turn of what Redis does every second. */
const AGAIN_MS = 1000;

export function createReplication({ state, wire, turn, apply, onPrimary }: ReplicationParts): Replication {
  const { host } = state.process;
  /** How far each replica was fed: the number of log entries can shrink, the offset cannot. */
  const fed = new Map<WireEnd, number>();
  let secondsToPing = 0;

  const refreshGood = (): void => {
    state.goodReplicas = countGoodReplicas(state);
  };

  const dropReplica = (end: WireEnd): void => {
    fed.delete(end);
    if (state.replicas.delete(end)) refreshGood();
  };

  const dropReplicas = (): void => {
    for (const end of state.replicas.keys()) {
      dropReplica(end);
      end.close();
    }
  };

  const follow = (of: Endpoint | undefined): void => {
    const before = state.primary;
    const unchanged = before?.of.host === of?.host && before?.of.port === of?.port;
    if (unchanged && (before === undefined) === (of === undefined)) return;
    if (before !== undefined) {
      state.primary = undefined;
      before.end?.close();
    }
    if (of === undefined) {
      dropReplicas();
      const { log } = state;
      log.previousId = log.id;
      log.previousUntil = log.offset;
      log.id = `${state.runId.slice(0, 20)}${Math.floor(host.random() * 1e15)
        .toString(16)
        .padStart(20, '0')}`;
      return onPrimary();
    }
    // Its own replicas stay for now: they are dropped when it takes over another history.
    const nowMs = host.monotonicMs();
    const downSinceMs = before?.state === 'connected' ? nowMs : before?.downSinceMs;
    state.primary = { of, state: 'connect', end: undefined, lastHeardMs: nowMs, downSinceMs };
    connect(state.primary);
  };

  const connect = (link: PrimaryLink): void => {
    link.state = 'connecting';
    const again = (): void => {
      host.after(AGAIN_MS * host.random(), () => {
        if (state.primary === link && link.state === 'connect') connect(link);
      });
    };
    wire.dial(state.process, `${link.of.host}:${link.of.port}`, 2000, (dialled) => {
      if (state.primary !== link) {
        if (dialled.is === 'open') dialled.end.close();
        return;
      }
      if (dialled.is === 'failed') {
        link.state = 'connect';
        return again();
      }
      const { end } = dialled;
      link.end = end;
      link.state = 'sync';
      link.lastHeardMs = host.monotonicMs();
      end.onMessage((message) => turn.work(() => hear(link, message as ReplicationMessage)));
      // In its turn: what came before the end is read before the end is.
      end.onClosed(() =>
        turn.work(() => {
          if (state.primary !== link || link.end !== end) return;
          link.end = undefined;
          const wasUp = link.state === 'connected';
          link.state = 'connect';
          if (wasUp) link.downSinceMs = host.monotonicMs();
          if (wasUp) connect(link);
          else again();
        }),
      );
      const { id, offset } = state.log;
      const message: ReplicationMessage = { is: 'psync', id, offset, endpoint: state.endpoint };
      end.send(message);
    });
  };

  /** The replica's end: what its primary says. */
  const hear = (link: PrimaryLink, message: ReplicationMessage): void => {
    if (state.primary !== link) return;
    link.lastHeardMs = host.monotonicMs();
    const up = (): void => {
      link.state = 'connected';
      link.downSinceMs = undefined;
      acknowledge(link);
    };
    if (message.is === 'full') {
      dropReplicas();
      state.disk.data = copyDataSet(message.data);
      state.log = { ...createLog(message.id), offset: message.offset };
      up();
    } else if (message.is === 'continue') {
      if (state.log.id !== message.id) {
        dropReplicas();
        state.log.previousId = state.log.id;
        state.log.previousUntil = state.log.offset;
        state.log.id = message.id;
      }
      up();
    } else if (message.is === 'entries') {
      for (const entry of message.entries) {
        const asked = entry.effects[0]?.[1] === 'GETACK';
        if (asked) acknowledge(link);
        else if (entry.effects[0]?.[0] !== 'PING') for (const effect of entry.effects) apply(effect);
        accept(state.log, entry);
      }
    }
  };

  const acknowledge = (link: PrimaryLink): void => {
    const { offset } = state.log;
    // On the connection that asked: by the time that it is sent there may be another one, to a primary with another history.
    const { end } = link;
    turn.later(() => end?.send({ is: 'acknowledge', offset } satisfies ReplicationMessage));
  };

  /** The primary's end: what a replica says. */
  const receive = (end: WireEnd, message: ReplicationMessage): void => {
    if (message.is === 'psync') return synchronise(end, message);
    if (message.is !== 'acknowledge') return;
    const replica = state.replicas.get(end);
    if (replica === undefined) return;
    replica.acknowledgedOffset = Math.max(replica.acknowledgedOffset, message.offset);
    replica.acknowledgedAtMs = host.monotonicMs();
    if (!replica.online) {
      replica.online = true;
      replica.onlineSinceMs = host.monotonicMs();
      refreshGood();
    }
  };

  const synchronise = (end: WireEnd, asked: ReplicationMessage & { is: 'psync' }): void => {
    if (state.primary !== undefined && state.primary.state !== 'connected') return end.close();
    const { log } = state;
    const replica: ReplicaLink = {
      end,
      endpoint: asked.endpoint,
      online: false,
      onlineSinceMs: 0,
      acknowledgedOffset: 0,
      acknowledgedAtMs: host.monotonicMs(),
    };
    state.replicas.set(end, replica);
    end.onClosed(() => turn.work(() => dropReplica(end)));
    const missing = entriesAfter(log, asked.id, asked.offset);
    if (missing !== undefined) {
      fed.set(end, log.offset);
      turn.later(() => {
        end.send({ is: 'continue', id: log.id } satisfies ReplicationMessage);
        if (missing.length > 0) end.send({ is: 'entries', entries: missing } satisfies ReplicationMessage);
      });
      return;
    }
    const data = copyDataSet(state.disk.data);
    const { id, offset } = log;
    host.after(FULL_COPY_MS, () =>
      turn.work(() => {
        if (!state.replicas.has(end)) return;
        fed.set(end, offset);
        turn.later(() => end.send({ is: 'full', id, offset, data } satisfies ReplicationMessage));
      }),
    );
  };

  const feed = (): void => {
    for (const [end, offset] of fed) {
      if (offset >= state.log.offset) continue;
      const entries = entriesAfter(state.log, state.log.id, offset);
      if (entries === undefined) {
        dropReplica(end);
        end.close();
        continue;
      }
      fed.set(end, state.log.offset);
      turn.later(() => end.send({ is: 'entries', entries } satisfies ReplicationMessage));
    }
  };

  const everySecond = (): void => {
    const nowMs = host.monotonicMs();
    const timeoutMs = state.settings['repl-timeout'] * 1000;
    for (const [end, replica] of state.replicas) {
      if (!replica.online || nowMs - replica.acknowledgedAtMs <= timeoutMs) continue;
      dropReplica(end);
      end.close();
    }
    const { primary } = state;
    if (primary === undefined) {
      secondsToPing -= 1;
      if (secondsToPing <= 0 && state.replicas.size > 0) {
        secondsToPing = state.settings['repl-ping-replica-period'];
        append(state.log, [['PING']]);
      }
    } else if (primary.end !== undefined && nowMs - primary.lastHeardMs > timeoutMs) {
      primary.end.close();
    } else if (primary.state === 'connected') acknowledge(primary);
    refreshGood();
  };

  return { follow, receive, feed, everySecond };
}
