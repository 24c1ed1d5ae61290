/**
 * The acknowledged write: group commit, acknowledged by name (ARCHITECTURE section 5, I1).
 *
 * What arrives while one round is under way travels together with the next. A round is one pipeline on one
 * connection:
 *
 *   MULTI  call…  EXEC  ROLE  WAIT n t  ROLE
 *
 * MULTI, because a blocked reader would wake on the first entry and the group would come apart. The first ROLE names
 * the in-sync set and the offset that it must reach; the second says by name who has. WAIT alone only counts, and a
 * count can be made up by a replica that is not in the set. A connection that saw its node demoted, gone or silent is
 * never used again: what it carried is unknown, unless it was certainly not sent.
 *
 * The set is, for now, every replica that the primary lists as connected; its place is `inSyncSet` below. Where one of
 * the configured nodes is not among them, it is asked whether it was promoted meanwhile (rival.ts).
 */
import {
  backOffMs,
  type Command,
  type Endpoint,
  type Host,
  LIMITS,
  NodeUnavailable,
  RedisError,
  type RedisNode,
  type RedisNodes,
  type RedisReply,
  reachedBy,
  sleep,
} from '@holdfast/ha-core';
import { ensureFunctions } from './functions.ts';
import { findPrimary } from './primary.ts';
import { findRival } from './rival.ts';
import { endpointName, parseRole, type Role } from './role.ts';
import type {
  AcknowledgedWriter,
  FunctionCall,
  NotStored,
  ReadOutcome,
  WriteOutcome,
  WriterView,
} from './writes.ts';

export type AcknowledgedWriterOptions = {
  readonly host: Host;
  readonly redis: RedisNodes;
  readonly nodes: readonly Endpoint[];
  readonly log: (event: string, detail: Record<string, unknown>) => void;
  /** Called after each acknowledged round with its size and how long it took, for metrics. */
  readonly onRound?: (calls: number, tookMs: number) => void;
  readonly acknowledgeDeadlineMs?: number;
};

type ItemOutcome =
  | { readonly is: 'acknowledged'; readonly replies: readonly RedisReply[] }
  | { readonly is: 'not_stored'; readonly why: NotStored; readonly detail: string }
  | { readonly is: 'unknown'; readonly detail: string };

type Item = { readonly commands: readonly Command[]; readonly settle: (outcome: ItemOutcome) => void };

type Connection = { readonly node: RedisNode; members: readonly string[] };

/** Creates the writer; it looks for the primary at once and whenever it has lost it, until stopped. */
export function createAcknowledgedWriter(options: AcknowledgedWriterOptions): AcknowledgedWriter {
  const { host } = options;
  const deadlineMs = options.acknowledgeDeadlineMs ?? LIMITS.acknowledgeDeadlineMs;
  const waiting: Item[] = [];
  let connection: Connection | undefined;
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
      const found = await findPrimary({ ...options, deadlineMs: LIMITS.dialDeadlineMs });
      if (found.is === 'found' && found.primary.role.replicas.length > 0) {
        const { node, role } = found.primary;
        try {
          await ensureFunctions(node, LIMITS.commandDeadlineMs);
          const opened: Connection = { node, members: inSyncSet(role) };
          if (stopped) return node.close();
          connection = opened;
          node.onClosed((reason) => lose(opened, reason));
          options.log('primary_found', { endpoint: endpointName(node.endpoint), inSync: opened.members });
          return;
        } catch (error) {
          node.close();
          options.log('primary_unusable', { endpoint: endpointName(node.endpoint), reason: String(error) });
        }
      } else if (found.is === 'found') {
        found.primary.node.close();
        if (attempt % 50 === 0)
          options.log('primary_without_replicas', { endpoint: endpointName(found.primary.node.endpoint) });
      } else if (attempt % 50 === 0) options.log('primary_not_found', { said: found.said });
      await sleep(host, backOffMs(attempt, 10, 100, host.random()));
    }
  };

  const pump = async (): Promise<void> => {
    if (running) return;
    running = true;
    // What one event brings about (a result and the next intent) is put in one after the other: it travels together.
    await Promise.resolve();
    while (waiting.length > 0 && !stopped) {
      if (connection === undefined) {
        await Promise.race([keepConnected(), sleep(host, LIMITS.commandDeadlineMs)]);
        if (connection === undefined) {
          settleAll(waiting.splice(0), {
            is: 'not_stored',
            why: 'no_primary',
            detail: 'no primary with a replica in sync',
          });
          break;
        }
      }
      await round(connection, waiting.splice(0, LIMITS.groupCallsMax));
    }
    running = false;
  };

  const round = async (on: Connection, items: Item[]): Promise<void> => {
    const startedMs = host.monotonicMs();
    const calls = items.flatMap((item) => item.commands);
    const commands = groupCommands(calls, on.members.length);
    let replies: RedisReply[];
    try {
      replies = await on.node.run(commands, deadlineMs + 200);
    } catch (error) {
      const sent = !(error instanceof NodeUnavailable) || error.sent;
      const detail = error instanceof Error ? error.message : String(error);
      settleAll(items, sent ? { is: 'unknown', detail } : { is: 'not_stored', why: 'no_primary', detail });
      return lose(on, detail);
    }
    const read = readGroup(calls.length, replies);
    if (read.aborted) {
      settleAborted(items, read.calls, (again) => waiting.unshift(...again));
      if (read.before.is !== 'primary') lose(on, 'no longer the primary');
      return;
    }
    const reached = await confirm(on, read, startedMs);
    if (reached === true) {
      lastAcknowledgedAtMs = host.monotonicMs();
      options.onRound?.(items.length, lastAcknowledgedAtMs - startedMs);
    }
    let from = 0;
    for (const item of items) {
      const own = read.calls.slice(from, from + item.commands.length);
      from += item.commands.length;
      const error = own.find((reply) => reply instanceof RedisError);
      if (error instanceof RedisError) item.settle({ is: 'not_stored', ...refusal(error) });
      else if (reached === true) item.settle({ is: 'acknowledged', replies: own });
      else item.settle({ is: 'unknown', detail: reached });
    }
    if (reached !== true) lose(on, reached);
  };

  /** True when each member of the set has the group, else why not. Waits again when the set had grown meanwhile. */
  const confirm = async (on: Connection, group: GroupReplies, startedMs: number): Promise<true | string> => {
    const before = group.before;
    if (before.is !== 'primary') return 'no longer the primary';
    const members = inSyncSet(before);
    if (members.length === 0) return 'no replica is in sync';
    let after = group.after;
    for (;;) {
      if (after.is !== 'primary') return 'no longer the primary';
      on.members = inSyncSet(after);
      if (reachedBy(members, before.offset, after.replicas)) {
        const rival = await findRival({ ...options, own: on.node.endpoint, members });
        return rival === undefined ? true : `${rival} calls itself primary too`;
      }
      const leftMs = deadlineMs - (host.monotonicMs() - startedMs);
      if (leftMs <= 0) return `not every replica in sync has it after ${deadlineMs} ms`;
      try {
        const again: Command[] = [['WAIT', String(members.length), String(Math.ceil(leftMs))], ['ROLE']];
        const [counted, role] = await on.node.run(again, leftMs + 200);
        if (counted instanceof RedisError) return counted.message;
        after = parseRole(role);
        if (!reachedBy(members, before.offset, after.is === 'primary' ? after.replicas : []))
          await sleep(host, 2);
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    }
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
    return outcome.is === 'acknowledged'
      ? { is: 'acknowledged', reply: outcome.replies[0] ?? null }
      : outcome;
  };

  const writeUntil = async (call: FunctionCall, withinMs: number): Promise<WriteOutcome> => {
    const startedMs = host.monotonicMs();
    let unknown: WriteOutcome | undefined;
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await write(call);
      if (outcome.is === 'acknowledged') return outcome;
      if (outcome.is === 'unknown') unknown = outcome;
      else if (outcome.why !== 'no_primary') return unknown ?? outcome;
      const pauseMs = backOffMs(attempt, 2, 100, host.random());
      if (host.monotonicMs() - startedMs + pauseMs >= withinMs) return unknown ?? outcome;
      await sleep(host, pauseMs);
    }
  };

  const read = async (commands: readonly Command[], mark: FunctionCall): Promise<ReadOutcome> => {
    const outcome = await put([functionCommand(mark), ...commands]);
    if (outcome.is === 'acknowledged') return { is: 'acknowledged', replies: outcome.replies.slice(1) };
    return { is: 'unavailable', detail: outcome.detail };
  };

  const view = (): WriterView => ({
    primary: connection === undefined ? undefined : endpointName(connection.node.endpoint),
    inSync: connection?.members ?? [],
    waiting: waiting.length,
    lastAcknowledgedAtMs,
  });

  const stop = (): Promise<void> => {
    stopped = true;
    settleAll(waiting.splice(0), { is: 'not_stored', why: 'stopped', detail: 'stopping' });
    connection?.node.close();
    return Promise.resolve();
  };

  void keepConnected();
  return { write, writeUntil, read, view, stop };
}

/** The in-sync set of this primary. For now: every replica that it lists as connected and online. */
function inSyncSet(role: Role & { is: 'primary' }): string[] {
  return role.replicas.map((replica) => replica.endpoint).sort();
}

function functionCommand(call: FunctionCall): Command {
  return ['FCALL', call.name, String(call.keys.length), ...call.keys, ...call.args];
}

/**
 * How long the WAIT of a round blocks the connection before the second ROLE tells who is there. Short, because it counts
 * the members of the round before: where one has died since, it would wait for nobody.
 */
const FIRST_WAIT_MS = 100;

function groupCommands(calls: readonly Command[], members: number): Command[] {
  const group: Command[] = calls.length === 1 ? [...calls] : [['MULTI'], ...calls, ['EXEC']];
  return [...group, ['ROLE'], ['WAIT', String(Math.max(1, members)), String(FIRST_WAIT_MS)], ['ROLE']];
}

type GroupReplies = {
  readonly calls: readonly RedisReply[];
  /** The transaction was refused as a whole: `calls` says which command was at fault, none was executed. */
  readonly aborted: boolean;
  readonly before: Role;
  readonly after: Role;
};

function readGroup(count: number, replies: readonly RedisReply[]): GroupReplies {
  const [before, waited, after] = replies.slice(-3);
  const roles = {
    before: parseRole(before),
    after:
      waited instanceof RedisError ? ({ is: 'other', detail: waited.message } as const) : parseRole(after),
  };
  if (count === 1) return { calls: replies.slice(0, 1), aborted: false, ...roles };
  const executed = replies[count + 1];
  if (Array.isArray(executed)) return { calls: executed as readonly RedisReply[], aborted: false, ...roles };
  return { calls: replies.slice(1, count + 1), aborted: true, ...roles };
}

/** After EXECABORT nothing was executed: who was at fault is told, the others travel again. */
function settleAborted(
  items: readonly Item[],
  queued: readonly RedisReply[],
  again: (items: Item[]) => void,
): void {
  const innocent: Item[] = [];
  let from = 0;
  for (const item of items) {
    const own = queued.slice(from, from + item.commands.length);
    from += item.commands.length;
    const error = own.find((reply) => reply instanceof RedisError);
    if (error instanceof RedisError) item.settle({ is: 'not_stored', ...refusal(error) });
    else innocent.push(item);
  }
  if (innocent.length === items.length) {
    settleAll(innocent, { is: 'not_stored', why: 'refused', detail: 'the transaction was refused' });
  } else again(innocent);
}

function settleAll(items: readonly Item[], outcome: ItemOutcome): void {
  for (const item of items) item.settle(outcome);
}

const NO_PRIMARY = new Set(['READONLY', 'NOREPLICAS', 'LOADING', 'MASTERDOWN', 'MISCONF', 'Connection']);

function refusal(error: RedisError): { why: NotStored; detail: string } {
  if (error.code === 'OOM') return { why: 'out_of_memory', detail: error.message };
  return { why: NO_PRIMARY.has(error.code) ? 'no_primary' : 'refused', detail: error.message };
}
