/**
 * A node's history: what was written in which order, by replication id and offset, and what it can still tell a
 * replica that comes back. An offset is bytes of the protocol, as on the real Redis, and the same on every node that
 * shares the history.
 */
export type Effect = readonly string[];

/** What one command, transaction or function call changed: applied as a whole or not at all. */
export type LogEntry = {
  readonly effects: readonly Effect[];
  /** The offset once it is applied. */
  readonly endOffset: number;
};

export type ReplicationLog = {
  id: string;
  /** The history that this one continues, up to `previousUntil`: kept by a promoted replica. */
  previousId: string;
  previousUntil: number;
  offset: number;
  entries: LogEntry[];
};

/** Entries that are kept for replicas that come back; an older one needs a full copy. */
const ENTRIES_KEPT = 20_000;

/** A history that begins at 0 under a new id. */
export function createLog(id: string): ReplicationLog {
  return { id, previousId: '', previousUntil: -1, offset: 0, entries: [] };
}

/** Appends at the primary: the offset grows by what the effects take on the connection. */
export function append(log: ReplicationLog, effects: readonly Effect[]): LogEntry {
  const framing = effects.length > 1 ? 15 + 14 : 0;
  const bytes = effects.reduce((sum, effect) => sum + effectBytes(effect), framing);
  const entry = { effects, endOffset: log.offset + bytes };
  accept(log, entry);
  return entry;
}

/** Takes over an entry at a replica. */
export function accept(log: ReplicationLog, entry: LogEntry): void {
  log.offset = entry.endOffset;
  log.entries.push(entry);
  if (log.entries.length > ENTRIES_KEPT * 2) log.entries.splice(0, ENTRIES_KEPT);
}

/** What follows after (id, offset), or undefined when only a full copy will do. */
export function entriesAfter(
  log: ReplicationLog,
  id: string,
  offset: number,
): readonly LogEntry[] | undefined {
  const same = id === log.id || (id === log.previousId && offset <= log.previousUntil);
  if (!same || offset > log.offset) return undefined;
  if (offset === log.offset) return [];
  let from = log.entries.length;
  while (from > 0 && (log.entries[from - 1]?.endOffset ?? 0) > offset) from -= 1;
  const before = log.entries[from - 1];
  const joins = before === undefined ? from === 0 && offset === startOf(log) : before.endOffset === offset;
  return joins ? log.entries.slice(from) : undefined;
}

function startOf(log: ReplicationLog): number {
  const first = log.entries[0];
  return first === undefined
    ? log.offset
    : first.endOffset - first.effects.reduce((sum, e) => sum + effectBytes(e), 0);
}

function effectBytes(effect: Effect): number {
  let bytes = 3 + String(effect.length).length;
  for (const part of effect) bytes += 5 + String(part.length).length + part.length;
  return bytes;
}
