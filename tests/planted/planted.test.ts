/**
 * Each planted bug is caught by its suite, and the copy without a bug passes them. docs/planted-bugs.md tells what was caught
 * by what; `HOLDFAST_PLANTED_PAGE=write` writes it anew.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { copyTree } from './copied-tree.ts';
import { pageOf, type Caught } from './page.ts';
import { PLANTED, type PlantedBug } from './rows.ts';

const PAGE = new URL('../../docs/planted-bugs.md', import.meta.url);
const tree = copyTree();
const caught: Caught[] = [];

afterAll(() => {
  tree.remove();
  if (process.env['HOLDFAST_PLANTED_PAGE'] === 'write') writeFileSync(PAGE, pageOf(caught));
});

/** Redis 8, where the set-up could have it. */
const REDIS_8 = existsSync(process.env['HOLDFAST_REDIS_8'] ?? '')
  ? process.env['HOLDFAST_REDIS_8']
  : undefined;

/** What a failing suite printed, without the stories of its seeds. */
const verdicts = (output: string): string =>
  output
    .split('\n')
    .filter((line) => /SEED=\d+ |seeds from|Error:|FAIL|^[+-] /.test(line))
    .slice(0, 60)
    .join('\n');

describe('the copy without a bug', () => {
  test.each(['in-sync-set', 'engine', 'contract', 'contract, real'] as const)('passes %s', async (suite) => {
    const { passed, output } = await tree.run(suite, { seeds: 20 });
    expect(passed ? '' : output.slice(-3000)).toBe('');
  });

  const files = PLANTED.flatMap(({ caughtBy, tests }) => (tests === undefined ? [] : [{ tests, caughtBy }]));
  const each = new Map(files.map((one) => [one.tests, one]));
  test.each([...each.values()])('passes $tests', async ({ tests, caughtBy }) => {
    const { passed, output } = await tree.run(caughtBy, { tests });
    expect(passed ? '' : output.slice(-3000)).toBe('');
  });

  test.skipIf(REDIS_8 === undefined)('passes contract on Redis 8', async () => {
    const { passed, output } = await tree.run('contract, real', { redis8: REDIS_8 });
    expect(passed ? '' : output.slice(-3000)).toBe('');
  });
});

/** What the suite said with the bug in the copy. */
async function told(bug: PlantedBug, redis8?: string): Promise<string> {
  const takeOut = tree.plant(bug);
  try {
    const { faults, tests, says: title } = bug;
    const { passed, output } = await tree.run(bug.caughtBy, { faults, tests, title, redis8 });
    if (passed) return 'the suite passed with the bug in it';
    const says = verdicts(output);
    if (says.includes(bug.says)) caught.push({ bug, seeds: /: (\d+) seeds from/.exec(says)?.[1] });
    return says;
  } finally {
    takeOut();
  }
}

describe('a planted bug is caught', () => {
  const [common, ofRedis8] = [undefined, true].map((of) => PLANTED.filter(({ onRedis8 }) => onRedis8 === of));

  test.each(common ?? [])('$breaks', async (bug) => {
    expect(await told(bug)).toContain(bug.says);
  });

  test.skipIf(REDIS_8 === undefined).each(ofRedis8 ?? [])('$breaks', async (bug) => {
    expect(await told(bug, REDIS_8)).toContain(bug.says);
  });
});

test('the page tells every planted bug', () => {
  const page = readFileSync(PAGE, 'utf8');
  expect(PLANTED.filter(({ breaks }) => !page.includes(breaks)).map(({ breaks }) => breaks)).toEqual([]);
});
