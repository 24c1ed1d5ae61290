/** The table of planted bugs fits the code: else the long suite alone would tell that a row plants nothing any more. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PLANTED } from '../planted/rows.ts';

const ROOT = new URL('../../', import.meta.url);

test('what a planted bug replaces is in its file exactly once', () => {
  const edits = PLANTED.flatMap((bug) => [bug, ...(bug.also ?? [])]);
  const lost = edits.filter(
    ({ file, find }) => readFileSync(new URL(file, ROOT), 'utf8').split(find).length !== 2,
  );
  expect(lost.map(({ file, find }) => `${file}: ${find}`)).toEqual([]);
});
