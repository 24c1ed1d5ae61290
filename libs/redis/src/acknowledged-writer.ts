/**
 * The acknowledged write: group commit, acknowledged by name (ARCHITECTURE section 5, I1).
 *
 * What arrives while one round is under way travels together with the next (round.ts). A round is acknowledged when each
 * member of the in-sync set has it (confirmation.ts). A connection that saw its node demoted, gone or silent is never
 * used again: what it carried is unknown, unless it was certainly not sent.
 */
import {
  backOffMs,
  type Command,
  type Endpoint,
  type Host,
  type InSyncRecord,
  levelNow,
  LIMITS,
  neededBy,
  NodeUnavailable,
  type RedisNode,
  type RedisNodes,
  type RedisReply,
  sleep,
} from '@holdfast/ha-core';
import { confirm } from './confirmation.ts';
import { ensureFunctions } from './functions.ts';
import { functionCommand, readRecordAt, recordOnceFollowed } from './in-sync-record.ts';
import { createNewestSeen } from './newest-seen.ts';
import { searchPrimary } from './primary-search.ts';
import { watchForNewer } from './rival.ts';
import { endpointName, parseRole, type Role } from './role.ts';
import { isOutOfMemory, readRound, roundCommands, type RoundReplies } from './round.ts';
import { type Item, type ItemOutcome, settleAborted, settleAll, settleRound } from './settling.ts';
import type { AcknowledgedWriter, FunctionCall, ReadOutcome, WriteOutcome, WriterView } from './writes.ts';
import { createWrittenAgain, wasMissing } from './written-again.ts';

export type AcknowledgedWriterOptions = {
  readonly host: Host;
  readonly redis: RedisNodes;
  readonly nodes: readonly Endpoint[];
  readonly log: (event: string, detail: Record<string, unknown>) => void;
  /** Called after each acknowledged round with its size and how long it took, for metrics. */
  readonly onRound?: (calls: number, tookMs: number) => void;
  /** An acknowledged write was not there after a change of primary: an alarm. It was written again. */
  readonly onMissing?: (call: FunctionCall) => void;
  readonly acknowledgeDeadlineMs?: number;
};

type Connection = {
  readonly node: RedisNode;
  record: InSyncRecord;
  needed: readonly string[];
  /** Replicas that the primary listed last. */
  connected: readonly string[];
};

const SEARCH_MS = 1000;
const BEHIND_A_ROUND = 8;
/** After OOM calls travel without a transaction for so long. */
const PLAIN_MS = 1000;
/** While the set is empty its record is read again after so long. */
const EMPTY_SET_MS = 20;
/** Without writes the record is read anew this often. */
const LOOK_MS = 500;

/** Creates the writer; it looks for the primary at once and whenever it has lost it, until stopped. */
export function createAcknowledgedWriter(options: AcknowledgedWriterOptions): AcknowledgedWriter {
  const { host } = options;
  const deadlineMs = options.acknowledgeDeadlineMs ?? LIMITS.acknowledgeDeadlineMs;
  const waiting: Item[] = [];
  /** What is written again after a change of primary: a few with each round, so that nothing new waits for it. */
  let behind: Item[] = [];
  const again = createWrittenAgain();
  const listeners = new Set<(primary: Endpoint) => void>();
  let connection: Connection | undefined;
  let lastPrimary: string | undefined;
  const newest = createNewestSeen(options);
  let plainUntilMs = Number.NEGATIVE_INFINITY;
  let stopped = false;
  let running = false;
  let lastAcknowledgedAtMs: number | undefined;

  const lose = (lost: Connection, reason: string): void => {
    if (connection === lost) {
      connection = undefined;
      if (stopped) return;
      options.log('primary_lost', { endpoint: endpointName(lost.node.endpoint), reason });
      void keepConnected();
    }
    lost.node.close();
  };

  /** One search at a time; `connecting` is shared by all who wait for it. */
  let connecting: Promise<void> | undefined;
  const keepConnected = (): Promise<void> => {
    connecting ??= connect().finally(() => {
      connecting = undefined;
    });
    return connecting;
  };

  const connect = async (): Promise<void> => {
    for (let attempt = 0; !stopped && connection === undefined; attempt += 1) {
      const found = await searchPrimary({ ...options, withinMs: SEARCH_MS, stopped: () => stopped });
      if (found.is === 'found') {
        const { node, role } = found.primary;
        const unusable = await begin(node, role);
        if (unusable === undefined) return;
        node.close();
        if (attempt % 10 === 0)
          options.log('primary_unusable', { endpoint: endpointName(node.endpoint), reason: unusable });
      } else if (attempt % 10 === 0 && !stopped) options.log('primary_not_found', { said: found.said });
      if (!stopped) await sleep(host, backOffMs(attempt, 5, 50, host.random()));
    }
  };

  /** Takes a connection into use; why not, when it cannot be. */
  const begin = async (node: RedisNode, role: Role): Promise<string | undefined> => {
    const name = endpointName(node.endpoint);
    try {
      await ensureFunctions(node, LIMITS.commandDeadlineMs);
      const older = await newest.older(await readRecordAt(node, LIMITS.commandDeadlineMs), node.endpoint);
      if (older !== undefined) return older;
      const record = await recordOnceFollowed(node, name, host);
      if (record.primary !== name) return `its in-sync record speaks for ${record.primary || 'nobody'}`;
      if (stopped) return 'stopping';
      const opened: Connection = {
        node,
        record,
        needed: neededBy(record, name),
        connected: listedBy(role),
      };
      connection = opened;
      newest.saw(record, node.endpoint);
      node.onClosed((reason) => lose(opened, reason));
      options.log('primary_found', { endpoint: name, inSync: opened.needed, term: record.term });
      for (const listener of listeners) listener(node.endpoint);
      if (lastPrimary !== undefined && lastPrimary !== name) writeAgain();
      lastPrimary = name;
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };

  const writeAgain = (): void => {
    const calls = again.recent(host.monotonicMs());
    behind = calls.map(
      (call): Item => ({
        commands: [functionCommand(call)],
        settle: (outcome) => {
          const missing = outcome.is === 'acknowledged' && wasMissing(call, outcome.replies[0] ?? null);
          if (!missing) return;
          options.log('acknowledged_write_missing', { call: call.name, keys: call.keys });
          options.onMissing?.(call);
        },
      }),
    );
    void pump();
  };

  const pump = async (): Promise<void> => {
    if (running) return;
    running = true;
    // What one event brings about (a result and the next intent) is put in one after the other: it travels together.
    await Promise.resolve();
    while ((waiting.length > 0 || behind.length > 0) && !stopped) {
      const on = await usable();
      if (typeof on === 'string') {
        const why = on === NO_SET ? 'no_set' : 'no_primary';
        settleAll(waiting.splice(0), { is: 'not_stored', why, detail: on });
        break;
      }
      await round(on, [...waiting.splice(0, LIMITS.groupCallsMax), ...behind.splice(0, BEHIND_A_ROUND)]);
    }
    running = false;
  };

  /** A connection whose set is not empty, within the limit of one command; else why there is none. */
  const usable = async (): Promise<Connection | string> => {
    const endMs = host.monotonicMs() + LIMITS.commandDeadlineMs;
    for (;;) {
      if (connection === undefined) {
        await Promise.race([keepConnected(), sleep(host, endMs - host.monotonicMs())]);
        if (connection === undefined) return 'no primary with a replica in sync';
      }
      const on: Connection = connection;
      if (on.needed.length > 0) return on;
      await readAnew(on);
      if (on.needed.length === 0 && host.monotonicMs() >= endMs) return NO_SET;
      if (on.needed.length === 0) await sleep(host, EMPTY_SET_MS);
    }
  };

  const readAnew = async (on: Connection): Promise<void> => {
    try {
      const [[role], record] = await Promise.all([
        on.node.run([['ROLE']], LIMITS.commandDeadlineMs),
        readRecordAt(on.node, LIMITS.commandDeadlineMs),
      ]);
      on.record = record;
      on.connected = listedBy(parseRole(role));
      on.needed = neededBy(on.record, endpointName(on.node.endpoint));
    } catch (error) {
      lose(on, error instanceof Error ? error.message : String(error));
    }
  };

  const round = async (on: Connection, items: Item[]): Promise<void> => {
    const startedMs = host.monotonicMs();
    let giveUp = (): void => undefined;
    const givenUp = new Promise<void>((resolve) => {
      giveUp = resolve;
    });
    const endWatch = watchForNewer(options, on.node.endpoint, on.record, (found, record) => {
      newest.saw(record, found);
      lose(on, `${endpointName(found)} is primary by now`);
      giveUp();
    });
    await Promise.race([givenUp, travel(on, items, startedMs)]);
    endWatch();
  };

  const travel = async (on: Connection, items: Item[], startedMs: number): Promise<void> => {
    const calls = items.flatMap((item) => item.commands);
    const transaction = startedMs >= plainUntilMs;
    const commands = roundCommands(calls, on.needed.length, transaction);
    let replies: RedisReply[];
    try {
      replies = await on.node.run(commands, deadlineMs + 200);
    } catch (error) {
      const sent = !(error instanceof NodeUnavailable) || error.sent;
      const detail = error instanceof Error ? error.message : String(error);
      settleAll(items, sent ? { is: 'unknown', detail } : { is: 'not_stored', why: 'no_primary', detail });
      return lose(on, detail);
    }
    const read = readRound(calls.length, replies, transaction);
    if (read.aborted) return afterAbort(on, items, read);
    const leftMs = deadlineMs - (host.monotonicMs() - startedMs);
    on.connected = listedBy(read.after);
    const { outcome, record } = await confirm(on.node, host, read, leftMs);
    on.record = record;
    on.needed = neededBy(record, endpointName(on.node.endpoint));
    if (outcome === true) {
      newest.saw(record, on.node.endpoint);
      lastAcknowledgedAtMs = host.monotonicMs();
      options.onRound?.(items.length, lastAcknowledgedAtMs - startedMs);
    }
    settleRound(items, read.calls, outcome);
    if (outcome !== true) lose(on, outcome);
  };

  const afterAbort = (on: Connection, items: readonly Item[], read: RoundReplies): void => {
    if (isOutOfMemory(read.calls)) {
      plainUntilMs = host.monotonicMs() + PLAIN_MS;
      waiting.unshift(...items);
      return;
    }
    settleAborted(items, read.calls, (innocent) => waiting.unshift(...innocent));
    if (read.before.is !== 'primary') lose(on, 'no longer the primary');
  };

  const put = (commands: readonly Command[]): Promise<ItemOutcome> =>
    new Promise((resolve) => {
      if (stopped) resolve({ is: 'not_stored', why: 'stopped', detail: 'stopping' });
      else if (waiting.length >= LIMITS.waitingCallsMax) {
        resolve({ is: 'not_stored', why: 'queue_full', detail: `${waiting.length} calls are waiting` });
      } else {
        waiting.push({ commands, settle: resolve });
        void pump();
      }
    });

  const write = async (call: FunctionCall): Promise<WriteOutcome> => {
    const outcome = await put([functionCommand(call)]);
    if (outcome.is !== 'acknowledged') return outcome;
    again.remember(call, host.monotonicMs());
    return { is: 'acknowledged', reply: outcome.replies[0] ?? null };
  };

  const writeUntil = async (call: FunctionCall, withinMs: number): Promise<WriteOutcome> => {
    const startedMs = host.monotonicMs();
    let unknown: WriteOutcome | undefined;
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await write(call);
      if (outcome.is === 'acknowledged') return outcome;
      if (outcome.is === 'unknown') unknown = outcome;
      else if (outcome.why !== 'no_primary' && outcome.why !== 'no_set') return unknown ?? outcome;
      const pauseMs = backOffMs(attempt, 2, 100, host.random());
      if (host.monotonicMs() - startedMs + pauseMs >= withinMs) return unknown ?? outcome;
      await sleep(host, pauseMs);
    }
  };

  const read = async (commands: readonly Command[], mark: FunctionCall): Promise<ReadOutcome> => {
    const startedMs = host.monotonicMs();
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await put([functionCommand(mark), ...commands]);
      if (outcome.is === 'acknowledged') return { is: 'acknowledged', replies: outcome.replies.slice(1) };
      const again = outcome.is === 'unknown' || outcome.why === 'no_primary' || outcome.why === 'no_set';
      const pauseMs = backOffMs(attempt, 2, 100, host.random());
      const spentMs = host.monotonicMs() - startedMs + pauseMs;
      if (!again || stopped || spentMs >= LIMITS.readWithinMs) {
        return { is: 'unavailable', detail: outcome.detail };
      }
      await sleep(host, pauseMs);
    }
  };

  const view = (): WriterView => ({
    primary: connection === undefined ? undefined : endpointName(connection.node.endpoint),
    inSync: connection?.needed ?? [],
    record: connection?.record,
    level: levelNow(connection?.needed ?? [], connection?.connected ?? [], options.nodes.length),
    waiting: waiting.length,
    lastAcknowledgedAtMs,
  });

  const stop = (): Promise<void> => {
    stopped = true;
    settleAll([...waiting.splice(0), ...behind.splice(0)], {
      is: 'not_stored',
      why: 'stopped',
      detail: 'stopping',
    });
    connection?.node.close();
    return Promise.resolve();
  };

  /** While nothing is written the view is kept true, for whoever shows it. */
  const look = async (): Promise<void> => {
    const on = connection;
    if (on !== undefined && !running) await readAnew(on);
    if (!stopped) host.after(LOOK_MS, () => void look());
  };

  void keepConnected();
  host.after(LOOK_MS, () => void look());
  const onPrimary: AcknowledgedWriter['onPrimary'] = (listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return { write, writeUntil, read, onPrimary, view, stop };
}

const listedBy = (role: Role): readonly string[] =>
  role.is === 'primary' ? role.replicas.map(({ endpoint }) => endpoint) : [];

const NO_SET = 'no replica is in the in-sync set';
