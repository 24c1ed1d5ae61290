/** What counts as damage: by the words of the check programs, as they were measured, and of Redis' own log. */
import { describe, expect, it } from 'vitest';
import {
  aofVerdict,
  putAsideAt,
  putAsideName,
  rdbVerdict,
  tooMany,
  verdictOfLog,
  withPass,
} from './damage-rule.ts';

const ended = (code: number, output: string) => ({ is: 'ended', code, output }) as const;
const LAST = 'appendonly.aof.2.incr.aof';
const notValid = (why: string, file = LAST): string =>
  `BASE AOF appendonly.aof.2.base.rdb is valid\n${why}\nAOF analyzed: filename=${file}, size=9, ok_up_to=5, ok_up_to_line=1, diff=4\nAOF ${file} is not valid. Use the --fix option to try fixing it.\n`;

describe('aofVerdict', () => {
  it.each([
    [
      'a prefix',
      notValid("0x            2739: Expected prefix '$', got: '\xdb'"),
      "Expected prefix '$', got: '?'",
    ],
    ['a length', notValid('0x            2740: Expected \\r\\n, got: 6465'), 'Expected \\r\\n'],
    [
      'an end that is cut off, of a file that is not the last',
      notValid('0x 8001: Expected to read 38 bytes, got 28 bytes', 'appendonly.aof.1.incr.aof'),
      'Expected to read 38 bytes',
    ],
    [
      'the base',
      '[offset 0] Checking RDB file a.rdb\n[offset 82] Selecting DB ID 0\n--- RDB ERROR DETECTED ---\n[offset 21379] RDB CRC error\nRDB preamble of AOF file is not sane, aborting.\n',
      '[offset 21379] RDB CRC error',
    ],
    [
      'a file that is missing',
      `Start to check INCR files.\nCannot open file appendonlydir/${LAST}: No such file or directory, aborting...\n`,
      'No such file',
    ],
    [
      'the manifest',
      '\n*** FATAL AOF MANIFEST FILE ERROR ***\n1:C 1 Mar 2026 # The AOF manifest file contains too long line\n',
      'too long line',
    ],
  ])('damaged: %s', (_, output, why) => {
    const verdict = aofVerdict(ended(1, output), LAST);
    expect(verdict).toMatchObject({ is: 'damaged' });
    expect(verdict.is === 'damaged' && verdict.why).toContain(why);
  });

  it('damaged: an empty manifest, which the program finds well', () => {
    const output = 'Start checking Old-Style AOF\nAOF appendonlydir/appendonly.aof.manifest is empty\n';
    expect(aofVerdict(ended(0, output), undefined)).toMatchObject({ is: 'damaged' });
  });

  it.each([
    ['all is well', 0, 'All AOF files and manifest are valid\n'],
    ['the last write is cut off', 1, notValid('0x 8001: Expected to read 38 bytes, got 28 bytes')],
    ['the last transaction is cut off', 1, notValid('Reached EOF before reading EXEC for MULTI')],
  ])('sound: %s', (_, code, output) => {
    expect(aofVerdict(ended(code, output), LAST)).toEqual({ is: 'sound' });
  });

  it.each([
    [
      ended(1, "--- RDB ERROR DETECTED ---\n[offset 9] Can't handle RDB format version 99\n"),
      'a newer Redis (RDB format 99)',
    ],
    [ended(1, `Cannot open file ${LAST}: Permission denied, aborting...`), 'permission denied'],
    [ended(1, 'something else'), 'redis-check-aof ended with 1: something else'],
    [ended(1, ''), 'no word'],
    [{ is: 'not-run', why: 'redis-check-aof is not on PATH' } as const, 'not on PATH'],
  ])('undecided: %j', (ran, why) => {
    const verdict = aofVerdict(ran, LAST);
    expect(verdict).toMatchObject({ is: 'undecided' });
    expect(verdict.is === 'undecided' && verdict.why).toContain(why);
  });
});

it('rdbVerdict', () => {
  expect(rdbVerdict(ended(0, '\\o/ RDB looks OK! \\o/'))).toEqual({ is: 'sound' });
  expect(rdbVerdict(ended(1, '--- RDB ERROR DETECTED ---\n[offset 9] Unexpected EOF'))).toMatchObject({
    is: 'damaged',
  });
  expect(rdbVerdict(ended(1, 'else'))).toMatchObject({ is: 'undecided' });
});

describe('verdictOfLog', () => {
  const START = '1:C 1 Mar # oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo\n';
  it.each([
    ['Write error: No space left on device', { is: 'disk', why: 'is full' }],
    ['open: Read-only file system', { is: 'disk', why: 'is read-only' }],
    ["# Unknown command 'S\xdbT' reading the append only file a.aof", { is: 'damaged' }],
  ])('%s', (line, expected) => {
    expect(verdictOfLog(`${START}${line}\n`)).toMatchObject(expected);
    // What was before the last start is of another time.
    expect(verdictOfLog(`${START}${line}\n${START}* DB loaded\n`)).toBeUndefined();
  });
});

it('withPass counts a minute, and forgets what a clock that was set back makes the future', () => {
  expect(withPass([1000, 2000], 60_999)).toEqual([1000, 2000, 60_999]);
  expect(withPass([1000, 2000], 61_000)).toEqual([2000, 61_000]);
  expect(withPass([90_000], 61_000)).toEqual([61_000]);
  expect(
    withPass(
      Array.from({ length: 50 }, () => 5),
      6,
    ),
  ).toHaveLength(20);
});

it('names what is put aside, reads the time of it, and keeps the last three of a kind', () => {
  const named = putAsideName('appendonlydir', '2026-03-01T07:05:09.123Z');
  expect(named).toBe('appendonlydir.damaged-20260301T070509Z');
  expect(putAsideAt(named)).toBe('2026-03-01 07:05:09 UTC');
  expect(putAsideAt('appendonlydir.damaged-by-me')).toBeUndefined();
  const all = ['04', '02', '01', '03'].map((day) => putAsideName('dump.rdb', `2026-03-${day}T00:00:00.000Z`));
  expect(tooMany([...all, named, 'dump.rdb.damaged-keep'], 'dump.rdb')).toEqual([all[2]]);
  expect(tooMany(all.slice(1), 'dump.rdb')).toEqual([]);
});
