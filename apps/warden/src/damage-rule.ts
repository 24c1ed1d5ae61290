/**
 * When a Redis node's append-only file counts as damaged, and how it is put aside. Pure; damaged-data.ts asks the
 * programs and moves the folders.
 *
 * Only what Redis itself refuses counts. An end that is cut off does not: Redis takes it, and what it lacks was not
 * acknowledged by this node. A file of a newer Redis, or one that may not be read, is not damaged either.
 */

/** So many starts within `YOUNG_WITHIN_MS` mean that the node ends young each time. */
export const YOUNG_STARTS = 3;
export const YOUNG_WITHIN_MS = 60_000;
const PASSES_KEPT = 20;

/** Put-aside data takes room, so only the newest of each kind stay. */
export const PUT_ASIDE_KEPT = 3;

/** What is put aside, by its name in the node's folder. */
export const APPEND_ONLY_FOLDER = 'appendonlydir';
export const DUMP_FILE = 'dump.rdb';

/** How a check program ended. */
export type Ran =
  | { readonly is: 'ended'; readonly code: number; readonly output: string }
  | { readonly is: 'not-run'; readonly why: string };

export type Verdict =
  | { readonly is: 'sound' }
  | { readonly is: 'damaged'; readonly why: string }
  | { readonly is: 'undecided'; readonly why: string };

/** The passes of the gate that still count, with the one at `nowMs`. A wall clock that was set back forgets the others. */
export function withPass(earlier: readonly number[], nowMs: number): readonly number[] {
  const counting = earlier.filter((atMs) => atMs <= nowMs && nowMs - atMs < YOUNG_WITHIN_MS);
  return [...counting, nowMs].slice(-PASSES_KEPT);
}

const WHY_COLUMNS = 160;

const CUT_OFF = /Expected to read \d+ bytes, got|Reached EOF before reading EXEC for MULTI/;
const NOT_VALID = /^AOF (\S+) is not valid/m;
const REFUSED = [
  NOT_VALID,
  /RDB ERROR DETECTED/,
  /is not sane/,
  /FATAL AOF MANIFEST FILE ERROR/,
  // The program ends with 0 here, and Redis does not start.
  /AOF \S+\.manifest is empty/,
  /Cannot open file .*No such file or directory/,
];
/** The lines that say best what is wrong. */
const TELLING =
  /Expected (prefix|\\r\\n|to read)|\[offset \d+\] (?!Checking|AUX|Selecting|Checksum OK|\\o)|Cannot open file|Unknown AOF|AOF manifest|format error|is empty|is not valid/;

/** What redis-check-aof said of a manifest; `lastFile` is the file that Redis appends to. */
export function aofVerdict(ran: Ran, lastFile: string | undefined): Verdict {
  if (ran.is === 'not-run') return { is: 'undecided', why: ran.why };
  const { code, output } = ran;
  const stranger = notItsFault(output);
  if (stranger !== undefined) return { is: 'undecided', why: stranger };
  const named = NOT_VALID.exec(output)?.[1];
  if (CUT_OFF.test(output) && named !== undefined && named === lastFile) return { is: 'sound' };
  if (REFUSED.some((one) => one.test(output))) return { is: 'damaged', why: whyOf(output) };
  if (code === 0) return { is: 'sound' };
  return { is: 'undecided', why: `redis-check-aof ended with ${code}: ${whyOf(output)}` };
}

/** What redis-check-rdb said of a dump. */
export function rdbVerdict(ran: Ran): Verdict {
  if (ran.is === 'not-run') return { is: 'undecided', why: ran.why };
  const stranger = notItsFault(ran.output);
  if (stranger !== undefined) return { is: 'undecided', why: stranger };
  if (/RDB ERROR DETECTED/.test(ran.output)) return { is: 'damaged', why: whyOf(ran.output) };
  if (ran.code === 0) return { is: 'sound' };
  return { is: 'undecided', why: `redis-check-rdb ended with ${ran.code}: ${whyOf(ran.output)}` };
}

function notItsFault(output: string): string | undefined {
  const version = /Can't handle RDB format version (\d+)/.exec(output)?.[1];
  if (version !== undefined) return `it was written by a newer Redis (RDB format ${version})`;
  if (/Permission denied/.test(output)) return 'it may not be read (permission denied)';
  if (/Input\/output error/.test(output)) return 'its disk fails (input/output error)';
  return undefined;
}

function whyOf(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const line = lines.find((one) => TELLING.test(one)) ?? lines.findLast((one) => one !== '') ?? 'no word';
  // A damaged byte is no text for a log.
  return line.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, WHY_COLUMNS);
}

/** What the node's own log says since its last start; undefined when it says nothing of its data or disk. */
export function verdictOfLog(
  text: string,
): { readonly is: 'disk' | 'damaged'; readonly why: string } | undefined {
  const since = text.split(/Redis is starting/).at(-1) ?? '';
  if (/No space left on device/i.test(since)) return { is: 'disk', why: 'is full' };
  if (/Read-only file system/i.test(since)) return { is: 'disk', why: 'is read-only' };
  if (/Input\/output error/i.test(since)) return { is: 'disk', why: 'fails (input/output error)' };
  // The form of the file is right, so that redis-check-aof finds nothing; Redis does not start all the same.
  if (/Unknown command .* reading the append only file/.test(since)) {
    return { is: 'damaged', why: 'Redis finds a command in it that does not exist' };
  }
  return undefined;
}

/** The name that damaged data gets; `iso` is the time as `2026-03-01T07:05:09.123Z`. */
export function putAsideName(name: string, iso: string): string {
  return `${name}.damaged-${iso.replaceAll(/[-:]|\.\d+/g, '')}`;
}

/** When data of this name was put aside, as `2026-03-01 07:05:09 UTC`; undefined when the name is none of ours. */
export function putAsideAt(name: string): string | undefined {
  const at = /\.damaged-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(name);
  return at === null ? undefined : `${at[1]}-${at[2]}-${at[3]} ${at[4]}:${at[5]}:${at[6]} UTC`;
}

/** Of the names in a folder, those of data put aside that are one too many. */
export function tooMany(names: readonly string[], of: string): readonly string[] {
  return names
    .filter((name) => name.startsWith(`${of}.damaged-`) && putAsideAt(name) !== undefined)
    .toSorted()
    .slice(0, -PUT_ASIDE_KEPT);
}
