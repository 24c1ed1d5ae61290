/** What checkForm finds, and what it leaves alone, on small planted trees. */
import { describe, expect, it } from 'vitest';
import { plantedTree } from '../tree.ts';
import { checkForm } from './form.ts';

const found = (path: string, text: string): string[] =>
  checkForm(plantedTree({ [path]: text })).map(({ path: where, says }) => `${where} ${says}`);

const PATH = 'libs/ha-core/src/lease/lease.ts';
const HEADER = '/** What and why. */\n';

describe('length', () => {
  it('is at most 350 lines', () => {
    expect(found(PATH, HEADER + 'f();\n'.repeat(349))).toEqual([]);
    expect(found(PATH, HEADER + 'f();\n'.repeat(350))).toEqual([
      `${PATH} has 351 lines, of 350 at most; split it`,
    ]);
  });
});

describe('the first lines', () => {
  const says = 'opens without a comment that says what it is and why';
  it('are a comment', () => {
    expect(found(PATH, 'export {};\n')).toEqual([`${PATH} ${says}`]);
    expect(found('libs/redis/functions/accept.lua', 'local x = 1')).toEqual([
      `libs/redis/functions/accept.lua ${says}`,
    ]);
  });

  it('may follow a shebang or a doctype', () => {
    expect(found('tools/holdfast/src/main.ts', '#!/usr/bin/env node\n/** The CLI. */')).toEqual([]);
    expect(found('apps/backend/src/console/index.html', '<!doctype html>\n<!-- The console. -->')).toEqual(
      [],
    );
  });
});

describe('names', () => {
  it.each([
    ['libs/redis/src/utils.ts', 'utils'],
    ['libs/redis/src/helpers/lease.ts', 'helpers'],
    ['libs/redis/src/types.ts', 'types'],
    ['libs/redis/src/common.test.ts', 'common'],
  ])('%s', (path, name) => {
    expect(found(path, HEADER)).toContain(`${path} is named ${name}; name it for what it is about`);
  });
});

describe('leftovers', () => {
  it.each([
    ['// TODO later', 'has a leftover marker TODO'],
    ['/* FIXME */', 'has a leftover marker FIXME'],
    ['// @ts-ignore', 'silences a check by @ts-ignore; mend what it says'],
    ['// oxlint-disable-next-line', 'silences a check by oxlint-disable; mend what it says'],
    ['const a: any = 1;', 'uses the type any; say what it is, or unknown'],
    ['const a = b as any;', 'uses the type any; say what it is, or unknown'],
    ['it.only("x", f);', 'has it.only; a test runs or is deleted'],
    ['test.skip("x", f);', 'has test.skip; a test runs or is deleted'],
    ['describe.concurrent.only("x", f);', 'has describe.only; a test runs or is deleted'],
    ['it.todo("x");', 'has it.todo; a test runs or is deleted'],
    ['fit("x", f);', 'has fit; a test runs or is deleted'],
  ])('%s', (source, says) => {
    expect(found(PATH, HEADER + source)).toEqual([`${PATH}:2 ${says}`]);
  });

  it('are found in documents and functions too', () => {
    expect(found('README.md', 'TODO: write')).toEqual(['README.md has a leftover marker TODO']);
    expect(found('libs/redis/functions/a.lua', '-- FIXME')).toEqual([
      'libs/redis/functions/a.lua has a leftover marker FIXME',
    ]);
  });

  it('are not what a text says or a field is called', () => {
    expect(
      found(PATH, `${HEADER}const any = 'TODO'; list.skip; it.each([1])('x', f); it.skipIf(no)('y', f);`),
    ).toEqual([]);
  });
});

describe('a file that cannot be parsed', () => {
  it('is an error, not a file without findings', () => {
    expect(() => found(PATH, `${HEADER}const = ;`)).toThrow(`${PATH} cannot be parsed`);
  });
});
