/** Commands on streams. XREAD's blocking is the connection's business (redis-server.ts); here it only looks. */
import type { RedisReply } from '@holdfast/ha-core';
import {
  argument,
  type CommandContext,
  type CommandTable,
  refuse,
  valueFor,
  valueOf,
  wholeNumber,
} from './command-table.ts';
import type { StreamEntry, StreamId, StreamValue } from './data-set.ts';

const INVALID_ID = 'ERR Invalid stream ID specified as stream command argument';
const SMALL_ID = 'ERR The ID specified in XADD is equal or smaller than the target stream top item';
const LAST_SEQUENCE = Number.MAX_SAFE_INTEGER;

const compare = (a: StreamId, b: StreamId): number => a[0] - b[0] || a[1] - b[1];
const shown = (id: StreamId): string => `${id[0]}-${id[1]}`;
const shownEntry = (entry: StreamEntry): RedisReply => [shown(entry.id), [...entry.fields]];

export const STREAM_COMMANDS: CommandTable = {
  XADD: {
    writes: true,
    denyOom: true,
    least: 4,
    run: (context, args) => {
      const [key, wanted] = [argument(args, 0), argument(args, 1)];
      const fields = args.slice(2);
      if (fields.length % 2 === 1) refuse("ERR wrong number of arguments for 'xadd' command");
      const last = valueOf(context, key, 'stream')?.last ?? [0, 0];
      const id = wanted === '*' ? nextId(last, context.wallMs()) : readId(wanted, 0);
      if (id[0] === 0 && id[1] === 0) refuse('ERR The ID specified in XADD must be greater than 0-0');
      if (compare(id, last) <= 0) refuse(SMALL_ID);
      const stream = valueFor(context, key, 'stream', emptyStream);
      stream.entries.push({ id, fields });
      stream.last = id;
      stream.added += 1;
      context.propagate(['XADD', key, shown(id), ...fields]);
      context.grown(key);
      return shown(id);
    },
  },
  XDEL: {
    writes: true,
    least: 2,
    run: (context, args, whole) => {
      const stream = valueOf(context, argument(args, 0), 'stream');
      let removed = 0;
      for (const text of args.slice(1)) {
        const id = readId(text, 0);
        const at = stream === undefined ? -1 : firstFrom(stream, id);
        const entry = stream?.entries[at];
        if (entry === undefined || compare(entry.id, id) !== 0) continue;
        stream?.entries.splice(at, 1);
        removed += 1;
      }
      if (removed > 0) context.propagate(whole);
      return removed;
    },
  },
  XLEN: {
    writes: false,
    least: 1,
    most: 1,
    run: (context, args) => valueOf(context, argument(args, 0), 'stream')?.entries.length ?? 0,
  },
  XRANGE: {
    writes: false,
    least: 3,
    run: (context, args) => range(context, args, argument(args, 1), argument(args, 2), false),
  },
  XREVRANGE: {
    writes: false,
    least: 3,
    run: (context, args) => range(context, args, argument(args, 2), argument(args, 1), true),
  },
  XREAD: {
    writes: false,
    least: 3,
    run: (context, args) => readAhead(context, readRequest(context, args)),
  },
  XINFO: {
    writes: false,
    least: 2,
    most: 2,
    run: (context, args) => {
      if (argument(args, 0).toUpperCase() !== 'STREAM') refuse('ERR unknown subcommand. Try XINFO HELP.');
      const stream = valueOf(context, argument(args, 1), 'stream');
      if (stream === undefined) return refuse('ERR no such key');
      const first = stream.entries[0];
      const last = stream.entries.at(-1);
      return [
        'length',
        stream.entries.length,
        'last-generated-id',
        shown(stream.last),
        'entries-added',
        stream.added,
        'first-entry',
        first === undefined ? null : shownEntry(first),
        'last-entry',
        last === undefined ? null : shownEntry(last),
      ];
    },
  },
};

/** What an XREAD asks for; `$` is already the last id of its stream. */
export type StreamRequest = {
  readonly blockMs: number | undefined;
  readonly count: number | undefined;
  readonly streams: readonly { readonly key: string; readonly after: StreamId }[];
};

/** Reads the arguments of XREAD. */
export function readRequest(context: CommandContext, args: readonly string[]): StreamRequest {
  let blockMs: number | undefined;
  let count: number | undefined;
  let at = 0;
  for (; at < args.length; at += 2) {
    const option = argument(args, at).toUpperCase();
    if (option === 'STREAMS') break;
    if (option === 'BLOCK') {
      blockMs = wholeNumber(argument(args, at + 1), 'ERR timeout is not an integer or out of range');
      if (blockMs < 0) refuse('ERR timeout is negative');
    } else if (option === 'COUNT') count = wholeNumber(argument(args, at + 1));
    else refuse('ERR syntax error');
  }
  const rest = args.slice(at + 1);
  if (rest.length === 0 || rest.length % 2 === 1) {
    refuse("ERR Unbalanced 'xread' list of streams: for each stream key an ID or '$' must be specified.");
  }
  const half = rest.length / 2;
  return {
    blockMs,
    count: count === undefined || count <= 0 ? undefined : count,
    streams: rest.slice(0, half).map((key, index) => {
      const text = argument(rest, half + index);
      const last = valueOf(context, key, 'stream')?.last ?? [0, 0];
      return { key, after: text === '$' ? last : readId(text, 0) };
    }),
  };
}

/** What there is after the given ids; null when there is nothing. */
export function readAhead(context: CommandContext, request: StreamRequest): RedisReply {
  const found = request.streams.flatMap(({ key, after }) => {
    const stream = valueOf(context, key, 'stream');
    if (stream === undefined || compare(stream.last, after) <= 0) return [];
    const from = firstFrom(stream, [after[0], after[1] + 1]);
    const to = request.count === undefined ? undefined : from + request.count;
    const entries = stream.entries.slice(from, to);
    return entries.length === 0 ? [] : [[key, entries.map(shownEntry)]];
  });
  return found.length === 0 ? null : found;
}

function range(
  context: CommandContext,
  args: readonly string[],
  from: string,
  to: string,
  backwards: boolean,
): RedisReply {
  let count: number | undefined;
  if (args.length > 3) {
    if (args.length !== 5 || argument(args, 3).toUpperCase() !== 'COUNT') refuse('ERR syntax error');
    count = wholeNumber(argument(args, 4));
    if (count < 0) count = undefined;
    else if (count === 0) return [];
  }
  const first = rangeEdge(from, 0);
  const last = rangeEdge(to, LAST_SEQUENCE);
  const stream = valueOf(context, argument(args, 0), 'stream');
  if (stream === undefined) return [];
  let within = stream.entries.slice(firstFrom(stream, first), firstFrom(stream, [last[0], last[1] + 1]));
  if (backwards) within = within.toReversed();
  return within.slice(0, count).map(shownEntry);
}

function rangeEdge(text: string, sequence: number): StreamId {
  if (text === '-') return [0, 0];
  if (text === '+') return [LAST_SEQUENCE, LAST_SEQUENCE - 1];
  if (!text.startsWith('(')) return readId(text, sequence);
  const id = readId(text.slice(1), sequence);
  return sequence === 0 ? [id[0], id[1] + 1] : [id[0], id[1] - 1];
}

function readId(text: string, sequence: number): StreamId {
  if (!/^\d+(-\d+)?$/.test(text)) refuse(INVALID_ID);
  const [ms, seq] = text.split('-');
  return [Number(ms), seq === undefined ? sequence : Number(seq)];
}

const nextId = (last: StreamId, wallMs: number): StreamId =>
  wallMs > last[0] ? [wallMs, 0] : [last[0], last[1] + 1];

const emptyStream = (): StreamValue => ({ is: 'stream', entries: [], last: [0, 0], added: 0 });

/** Index of the first entry at or after an id. */
function firstFrom(stream: StreamValue, id: StreamId): number {
  let low = 0;
  let high = stream.entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = stream.entries[middle];
    if (entry !== undefined && compare(entry.id, id) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
