/** The journal's file: what a crash leaves is cut off, what is damaged stops the terminal with the path. */
import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openJournalFile } from './journal-file.ts';
import { openJournal } from './journal-writer.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'));
  path = join(folder, 'inner', 'terminal-1.journal');
});
afterEach(() => rmSync(folder, { recursive: true }));

const owner = { account: 'demo', terminal: 'terminal-1', newIncarnation: () => 'first' };

function opened(onTorn: (characters: number) => void = () => {}) {
  const file = openJournalFile(path, { sync: 'always', onTorn });
  return { file, writer: openJournal(file, { ...owner, newIncarnation: () => 'second' }) };
}

function filled(): void {
  const file = openJournalFile(path, { sync: 'always' });
  const writer = openJournal(file, owner);
  writer.stage({ is: 'fence', epoch: '7', holder: 'a', trade: true });
  writer.stage({ is: 'refused', commandId: 's1/1', reason: 'expired' });
  writer.flush();
  file.close();
}

test('what was flushed is there when the file is opened again, and the incarnation stays', () => {
  filled();
  const { writer, file } = opened();
  expect(writer.incarnation).toBe('first');
  expect(writer.fence()).toEqual({ epoch: '7', holder: 'a', trade: true });
  expect(writer.known('s1/1')).toEqual({ state: 'refused', reason: 'expired' });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  file.close();
});

test('a journal that was lost is another incarnation', () => {
  filled();
  rmSync(path);
  const { writer, file } = opened();
  expect([writer.incarnation, writer.known('s1/1')]).toEqual(['second', undefined]);
  file.close();
});

test('a torn last line is cut off at every length, and what comes after it is whole', () => {
  filled();
  const whole = readFileSync(path, 'latin1');
  const line = 'INTENT cmd=s2/1 epoch=7 holder=a magic=1 at=5 do=cancel symbol=EURUSD order=1\n';
  for (let length = 1; length < line.length; length += 7) {
    writeFileSync(path, whole + line.slice(0, length));
    let torn = 0;
    const { writer, file } = opened((characters) => {
      torn = characters;
    });
    expect([torn, writer.known('s2/1')]).toEqual([length, undefined]);
    writer.stage({ is: 'refused', commandId: 's3/1', reason: 'fenced' });
    writer.flush();
    file.close();
    expect(readFileSync(path, 'latin1')).toBe(`${whole}REFUSED cmd=s3/1 reason=fenced\n`);
  }
});

test('answers wait for the flush, and one flush serves all that was staged', () => {
  const flushes: number[] = [];
  const said: string[] = [];
  const writer = openJournal({ lines: () => [], append: (lines) => flushes.push(lines.length) }, owner);
  writer.stage({ is: 'refused', commandId: 's1/1', reason: 'fenced' }, () => said.push('s1'));
  writer.stage({ is: 'refused', commandId: 's2/1', reason: 'fenced' }, () => said.push('s2'));
  expect([said, flushes]).toEqual([[], [1]]);
  writer.flush();
  writer.flush();
  expect([said, flushes]).toEqual([
    ['s1', 's2'],
    [1, 2],
  ]);
});

test('a damaged file is refused with its path or its line', () => {
  filled();
  appendFileSync(path, 'RESULT cmd=s1/1 \u0000\u0000\n', 'latin1');
  expect(() => opened()).toThrow(`journal ${path}: line 4 is not printable ASCII`);
  writeFileSync(path, 'FENCE epoch=1 holder=a trade=1\n');
  expect(() => opened()).toThrow('damaged at line 1: expected JOURNAL');
  rmSync(path);
  writeFileSync(join(folder, 'file'), '');
  expect(() => openJournalFile(join(folder, 'file', 'x'), { sync: 'always' })).toThrow(
    `journal ${folder}/file/x`,
  );
  filled();
  chmodSync(path, 0o600);
  const { file } = opened();
  file.close();
  expect(() => file.append(['FENCE epoch=9 holder=a trade=1'])).toThrow(`journal ${path}: cannot be written`);
});
