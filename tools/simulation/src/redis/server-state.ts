/** What a simulated Redis process is made of while it runs, and what of it is on disk. */
import type { Command, Endpoint, RedisReply } from '@holdfast/ha-core';
import type { VirtualProcess } from '../world/virtual-process.ts';
import type { WireEnd } from '../world/wire.ts';
import type { DataSet } from './data-set.ts';
import type { LogEntry, ReplicationLog } from './replication-log.ts';
import type { StreamRequest } from './stream-commands.ts';

/** Settings by their names in redis.conf; CONFIG GET and SET know these. */
export type RedisSettings = {
  'min-replicas-to-write': number;
  'min-replicas-max-lag': number;
  'replica-priority': number;
  'repl-timeout': number;
  'repl-ping-replica-period': number;
  maxmemory: number;
};

/** What survives the process: with appendfsync always that is all that was ever executed. */
export type RedisDisk = {
  data: DataSet;
  /** The last REPLICAOF, which Sentinel has written into the configuration. */
  replicaOf: Endpoint | undefined;
};

export type ClientRequest = {
  readonly id: number;
  readonly commands: readonly Command[];
};

export type ClientConnection = {
  readonly end: WireEnd;
  /** Commands not yet executed, with the request that they belong to. */
  readonly queue: { readonly request: ClientRequest; readonly command: Command }[];
  replies: RedisReply[];
  transaction: { queued: Command[]; broken: boolean } | undefined;
  /** The offset after its last command: what its WAIT waits for. */
  writtenOffset: number;
  /** What it has subscribed to. */
  channel: string | undefined;
  blocked: Blocked | undefined;
  closing: boolean;
};

export type Blocked =
  | { readonly on: 'wait'; readonly replicas: number; readonly offset: number; readonly cancel: () => void }
  | { readonly on: 'stream'; readonly request: StreamRequest; readonly cancel: () => void }
  | { readonly on: 'pause'; readonly cancel: () => void };

/** A replica as its primary sees it. */
export type ReplicaLink = {
  readonly end: WireEnd;
  readonly endpoint: Endpoint;
  online: boolean;
  /** When it came online, on the primary's clock. */
  onlineSinceMs: number;
  acknowledgedOffset: number;
  acknowledgedAtMs: number;
};

/** A primary as its replica sees it. */
export type PrimaryLink = {
  readonly of: Endpoint;
  state: 'connect' | 'connecting' | 'sync' | 'connected';
  end: WireEnd | undefined;
  lastHeardMs: number;
  /** When the link went down last; undefined while it is up, and when it never was up. */
  downSinceMs: number | undefined;
};

/** What replica and primary say to each other. */
export type ReplicationMessage =
  | { readonly is: 'psync'; readonly id: string; readonly offset: number; readonly endpoint: Endpoint }
  | {
      readonly is: 'full';
      readonly id: string;
      readonly offset: number;
      readonly data: DataSet;
    }
  | { readonly is: 'continue'; readonly id: string }
  | { readonly is: 'entries'; readonly entries: readonly LogEntry[] }
  | { readonly is: 'acknowledge'; readonly offset: number };

export type RedisServerState = {
  readonly process: VirtualProcess;
  readonly endpoint: Endpoint;
  readonly runId: string;
  readonly settings: RedisSettings;
  readonly disk: RedisDisk;
  log: ReplicationLog;
  primary: PrimaryLink | undefined;
  readonly replicas: Map<WireEnd, ReplicaLink>;
  readonly connections: Set<ClientConnection>;
  /** How many clients wait, by what for. */
  readonly blockedOn: Record<Blocked['on'], number>;
  goodReplicas: number;
  /** Set when a client began to WAIT: the replicas are asked at the end of this turn. */
  askReplicas: boolean;
};

/** The offset that a replica has reached, or its own while it is a primary. */
export const offsetOf = (state: RedisServerState): number => state.log.offset;

/** Replicas that are online and have acknowledged `offset`. */
export function countReached(state: RedisServerState, offset: number): number {
  let count = 0;
  for (const replica of state.replicas.values()) {
    if (replica.online && replica.acknowledgedOffset >= offset) count += 1;
  }
  return count;
}

/** Counts the replicas that min-replicas-to-write asks for, in whole seconds as Redis does. */
export function countGoodReplicas(state: RedisServerState): number {
  const nowMs = state.process.host.monotonicMs();
  let good = 0;
  for (const replica of state.replicas.values()) {
    const lagSeconds = Math.floor(nowMs / 1000) - Math.floor(replica.acknowledgedAtMs / 1000);
    if (replica.online && lagSeconds <= state.settings['min-replicas-max-lag']) good += 1;
  }
  return good;
}
