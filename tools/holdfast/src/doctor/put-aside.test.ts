/** What doctor finds of data that was put aside, by the names that the start gate gives it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { APPEND_ONLY_FOLDER, DUMP_FILE, putAsideName } from '@holdfast/warden/damage-rule';
import { expect, it, onTestFinished } from 'vitest';
import { healthyEvidence, nodeEvidence } from '../testing/redis-evidence.ts';
import { putAsideChecks, putAsideIn } from './put-aside.ts';
import { redisChecks } from './redis-checks.ts';

function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-put-aside-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

it('finds it by its name, newest first, and nothing else', () => {
  const folder = dataFolder();
  const older = putAsideName(APPEND_ONLY_FOLDER, '2026-03-01T07:05:09.123Z');
  const newer = putAsideName(DUMP_FILE, '2026-03-02T00:00:00.000Z');
  for (const name of [APPEND_ONLY_FOLDER, older, 'appendonlydir.damaged-by-me'])
    mkdirSync(join(folder, name));
  writeFileSync(join(folder, newer), '');
  expect(putAsideIn(folder)).toEqual([
    { path: join(folder, newer), at: '2026-03-02 00:00:00 UTC' },
    { path: join(folder, older), at: '2026-03-01 07:05:09 UTC' },
  ]);
});

it('finds nothing where there is no such folder', () => {
  expect(putAsideIn(join(dataFolder(), 'redis-1'))).toEqual([]);
});

it('is one line however often it happened, and none when it never did', () => {
  const one = { path: '/data/appendonlydir.damaged-x', at: '2026-03-01 07:05:09 UTC' };
  expect(putAsideChecks('redis-3', [])).toEqual([]);
  expect(putAsideChecks('redis-3', [one])).toMatchObject([
    {
      result: 'warn',
      about: 'redis-3',
      found: 'damaged data was put aside on 2026-03-01 07:05:09 UTC (/data/appendonlydir.damaged-x)',
    },
  ]);
  expect(putAsideChecks('redis-3', [one, one, one])[0]?.found).toContain(', the newest of 3)');
});

it.each(['connect ECONNREFUSED', undefined])(
  'stands beside what else is told of the node (refuses: %s)',
  (refuses) => {
    const told = redisChecks(
      healthyEvidence({
        nodes: [nodeEvidence(1), nodeEvidence(2), nodeEvidence(3, { refuses })],
        putAside: (node) => (node === 'redis-3' ? [{ path: '/aside', at: 'then' }] : []),
      }),
    );
    const lines = told.filter(({ found }) => found.includes('put aside'));
    expect(lines.map(({ about }) => about)).toEqual(['redis-3']);
    expect(told.some(({ found }) => found.includes('does not answer'))).toBe(refuses !== undefined);
  },
);
