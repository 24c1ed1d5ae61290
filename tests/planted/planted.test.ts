/** Each planted bug is caught by its suite, and the copy without a bug passes both. */
import { afterAll, describe, expect, test } from 'vitest';
import { copyTree } from './copied-tree.ts';
import { PLANTED } from './rows.ts';

const tree = copyTree();
afterAll(() => tree.remove());

/** What a failing suite printed, without the stories of its seeds. */
const verdicts = (output: string): string =>
  output
    .split('\n')
    .filter((line) => /SEED=\d+ |Error:|FAIL|^[+-] /.test(line))
    .slice(0, 60)
    .join('\n');

describe('the copy without a bug', () => {
  test.each(['sim', 'contract'] as const)('passes %s', async (suite) => {
    const { passed, output } = await tree.run(suite);
    expect(passed ? '' : output.slice(-3000)).toBe('');
  });
});

describe('a planted bug is caught', () => {
  test.each(PLANTED)('$breaks', async (bug) => {
    const takeOut = tree.plant(bug);
    try {
      const { passed, output } = await tree.run(bug.caughtBy, bug.faults);
      expect(passed ? 'the suite passed with the bug in it' : verdicts(output)).toContain(bug.says);
    } finally {
      takeOut();
    }
  });
});
