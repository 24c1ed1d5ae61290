/** The pages in docs/ are what the code says today, and every field of the configuration has its meaning. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fields } from './configuration-page.ts';
import { MEANINGS } from './meanings.ts';
import { PAGES } from './pages.ts';
import { table } from './table.ts';

describe('the pages', () => {
  it.each(PAGES.map((page) => [page.file.pathname.split('/').at(-1) ?? '', page] as const))(
    '%s is up to date; else run npm run documents',
    (_name, { file, text }) => {
      expect(readFileSync(file, 'utf8')).toBe(text());
    },
  );

  it('give every field a meaning, and no meaning to what is no field', () => {
    expect(Object.keys(MEANINGS).toSorted()).toEqual(
      fields()
        .map(({ path }) => path)
        .toSorted(),
    );
  });
});

describe('a table', () => {
  it('keeps a cell together', () => {
    expect(table(['a', 'b'], [['1|2', '3']])).toBe('| a | b |\n| --- | --- |\n| 1\\|2 | 3 |');
  });
});
