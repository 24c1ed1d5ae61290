/**
 * The acknowledged write, as its users see it (ARCHITECTURE section 5; the mechanism is acknowledged-writer.ts).
 */
import type { Command, Endpoint, InSyncLevel, InSyncRecord, RedisReply } from '@holdfast/ha-core';

/** One call of a function of functions/*.lua. Every function is idempotent: it may be repeated with the same arguments. */
export type FunctionCall = {
  readonly name: string;
  readonly keys: readonly string[];
  readonly args: readonly string[];
  /**
   * For calls that are worth writing again after a change of primary: whether the reply of a repeat says that the
   * first one was there.
   */
  readonly knownBefore?: (reply: RedisReply) => boolean;
};

/**
 * `acknowledged`: every node that could be promoted holds it (I1); `reply` is the function's.
 * `not_stored`: certainly nothing was written (no primary, queue full, refused by Redis with an error).
 * `unknown`: it may or may not be there; write the same again with the same id.
 */
export type WriteOutcome =
  | { readonly is: 'acknowledged'; readonly reply: RedisReply }
  | { readonly is: 'not_stored'; readonly why: NotStored; readonly detail: string }
  | { readonly is: 'unknown'; readonly detail: string };

export type NotStored = 'no_primary' | 'no_set' | 'queue_full' | 'out_of_memory' | 'refused' | 'stopped';

export type ReadOutcome =
  | { readonly is: 'acknowledged'; readonly replies: readonly RedisReply[] }
  | { readonly is: 'unavailable'; readonly detail: string };

export type AcknowledgedWriter = {
  /** One attempt, in the next group. Never rejects. */
  readonly write: (call: FunctionCall) => Promise<WriteOutcome>;
  /**
   * The same write again and again, with back-off, until it is acknowledged, certainly refused, or `deadlineMs` has
   * passed. `not_stored` is only returned when no attempt left it unknown.
   */
  readonly writeUntil: (call: FunctionCall, deadlineMs: number) => Promise<WriteOutcome>;
  /**
   * Reads that may be acted on, stored or shown: in one group with a small write of the reader's own (`mark`), so
   * that what was read is in the in-sync set when this resolves. Tried again for `LIMITS.readWithinMs`.
   */
  readonly read: (commands: readonly Command[], mark: FunctionCall) => Promise<ReadOutcome>;
  /**
   * Told of every primary that it connects to, within milliseconds of a change: for readers, which would notice by their own
   * deadlines only. Returns what ends that.
   */
  readonly onPrimary: (listener: (primary: Endpoint) => void) => () => void;
  /** What it sees of the topology now. */
  readonly view: () => WriterView;
  /** Ends: what waits is answered `not_stored`/`stopped`, what is under way runs out. */
  readonly stop: () => Promise<void>;
};

export type WriterView = {
  readonly primary: string | undefined;
  /** The replicas that an acknowledgement needs, as `host:port`, by the record that was read last. */
  readonly inSync: readonly string[];
  /** The in-sync record that was read last; undefined while there is no primary. */
  readonly record: InSyncRecord | undefined;
  /** How safe writes are now; `none` also while a member that an acknowledgement needs is not connected. */
  readonly level: InSyncLevel;
  readonly waiting: number;
  readonly lastAcknowledgedAtMs: number | undefined;
};
