/** YAML's traps: each is a row, or a file of its own. */
import { expect, test } from 'vitest';
import { changed, faultsOf, RIGHT } from './testing/right-configuration.ts';

/** What is wrong; what is replaced in the right file, by what; path, line and words of the answer. */
type Row = readonly [string, string, string, string, number | undefined, string];

const ROWS: readonly Row[] = [
  [
    'a key twice',
    'cluster: demo',
    'cluster: demo\ncluster: other',
    'cluster',
    2,
    'the key stands twice in one mapping, first in line 1',
  ],
  [
    'two documents',
    'cluster: demo',
    'cluster: demo\n---\ncluster: demo',
    '',
    2,
    'not the YAML that was expected',
  ],
  ['a tag', 'cluster: demo', 'cluster: !!binary ZGVtbw==', '', 1, 'not the YAML that was expected'],
  ['a tab for indentation', '  nodes:', '\tnodes:', '', 3, 'not the YAML that was expected'],
  [
    'an alias without an anchor',
    'cluster: demo',
    'cluster: *demo',
    '',
    1,
    '*demo: no anchor &demo stands before it',
  ],
];

test.each(ROWS)('refused: %s', (_, find, replace, path, line, message) => {
  const faults = faultsOf(changed(find, replace));
  expect(faults).toContainEqual({ path, line, message: expect.stringContaining(message) as string });
});

test.each([7, 30])('a file of aliases that grow %i times ninefold is refused before it grows', (depth) => {
  const levels = Array.from(
    { length: depth },
    (_, n) => `a${n + 1}: &a${n + 1} [${Array(9).fill(`*a${n}`).join(', ')}]`,
  );
  const faults = faultsOf(['a0: &a0 x', ...levels].join('\n'));
  expect(faults[0]?.message).toContain('aliases stand for more than 100 values');
});

test('nesting without end is refused', () => {
  expect(faultsOf(`cluster: ${'['.repeat(20_000)}`)[0]?.message).toContain('not the YAML that was expected');
});

test('a key such as __proto__ is an unknown key and changes nothing', () => {
  expect(faultsOf(`__proto__: { polluted: 1 }\n${RIGHT}`)[0]?.message).toContain('unknown key');
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
});
