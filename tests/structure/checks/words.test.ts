/** What the checks of words find, and what they leave alone, on small planted trees. */
import { describe, expect, it } from 'vitest';
import { type Check, plantedTree } from '../tree.ts';
import { checkDocComments, checkKeys, checkNamedTests, checkPlaces } from './words.ts';

const found = (check: Check, files: Record<string, string>): string[] =>
  check(plantedTree(files)).map(({ path, says }) => `${path} ${says}`);

const LIBRARY = 'libs/redis/src/lease-store.ts';

describe('checkDocComments', () => {
  it.each([
    ['export function take(): void {}', 'take'],
    ['export async function take(): Promise<void> {}', 'take'],
    ['export const take = (): void => {};', 'take'],
    ['function take(): void {}\nexport { take };', 'take'],
    ['export default function take(): void {}', 'take'],
    ['// no doc comment\nexport function take(): void {}', 'take'],
  ])('%s', (source, name) => {
    const findings = found(checkDocComments, { [LIBRARY]: `/** Header. */\nimport 'x';\n${source}` });
    expect(findings).toHaveLength(1);
    expect(findings[0]).toContain(`exports ${name} without a doc comment`);
  });

  it('does not take the header of the file for a doc comment', () => {
    expect(
      found(checkDocComments, { [LIBRARY]: '/** Header. */\nexport function take(): void {}' }),
    ).toHaveLength(1);
  });

  it('is content with a doc comment, and does not ask for one on types, private functions, tests and apps', () => {
    const source = `/** Header. */\n/** Takes. */\nexport function take(): void {}\nexport type A = 1;\nfunction inner(): void {}`;
    expect(found(checkDocComments, { [LIBRARY]: source })).toEqual([]);
    expect(found(checkDocComments, { 'libs/redis/src/a.test.ts': 'export function a() {}' })).toEqual([]);
    expect(found(checkDocComments, { 'apps/engine/src/a.ts': 'export function a() {}' })).toEqual([]);
  });
});

describe('checkNamedTests', () => {
  const files = { 'tests/sim/lease.test.ts': '', 'libs/redis/src/keys.test.ts': '' };
  it.each([
    '`tests/sim/lease.test.ts`',
    '`tests/sim/`',
    '`tests/sim`',
    '`keys.test.ts`',
    '`tests/sim/*.test.ts`',
    '`tests/sim/lease.test.ts:12`',
    '`npm test`',
    '`<name>.test.ts`',
  ])('%s is fine', (words) => {
    expect(found(checkNamedTests, { ...files, 'README.md': words })).toEqual([]);
  });

  it.each(['`tests/sim/absent.test.ts`', '`tests/absent/`', '`absent.test.ts`', '`eys.test.ts`'])(
    '%s is not',
    (words) => {
      const named = words.slice(1, -1);
      expect(found(checkNamedTests, { ...files, 'README.md': words })).toEqual([
        `README.md names the test ${named}, which is not there`,
      ]);
    },
  );
});

describe('checkNamedTests in comments', () => {
  const files = { 'tests/sim/lease.test.ts': '' };
  it.each([
    ['/** Held by tests/sim/lease.test.ts. */', 0],
    ['/** Held by tests/sim. */', 0],
    ['/** Held by tests/sim/absent.test.ts. */', 1],
    ['/** See DESIGN section 6. */', 1],
    [`export const path = 'tests/absent.test.ts';`, 0],
  ])('%s', (source, count) => {
    expect(found(checkNamedTests, { ...files, [LIBRARY]: source })).toHaveLength(count);
  });
});

describe('checkKeys', () => {
  const says = 'makes a key name; libs/redis/src/keys.ts makes them all';
  it.each([
    "const key = 'hf:nodes';",
    'const key = `hf:{${account}}:lease`;',
    "client.get('hf:' + name, 'hf:{a}');",
  ])('%s', (source) => {
    expect(found(checkKeys, { [LIBRARY]: source })).toEqual([`${LIBRARY}:1 ${says}`]);
  });

  it('finds them in Lua, but not in its comments', () => {
    expect(found(checkKeys, { 'libs/redis/functions/a.lua': "redis.call('GET', 'hf:nodes')" })).toHaveLength(
      1,
    );
    expect(found(checkKeys, { 'libs/redis/functions/a.lua': '-- KEYS 1 hf:nodes' })).toEqual([]);
  });

  it('leaves their home alone', () => {
    expect(found(checkKeys, { 'libs/redis/src/keys.ts': "export const NODES_KEY = 'hf:nodes';" })).toEqual(
      [],
    );
  });
});

describe('checkPlaces', () => {
  const slash = '/';
  const npm = 'npmjs.org';
  it.each([
    ['docs/a.md', `see ${slash}work/main/x`, 'a path of one machine'],
    ['docs/a.md', `cd ${slash}home/someone/holdfast`, 'a path of one machine'],
    ['libs/redis/src/a.ts', `const path = '${slash}root/x';`, 'a path of one machine'],
    ['package-lock.json', `"resolved": "https://example.invalid/a.tgz"`, 'a resolved address'],
    ['.npmrc', `registry=https://registry.${npm}/`, 'the host of a registry'],
  ])('%s: %s', (path, text, what) => {
    const findings = found(checkPlaces, { [path]: text });
    expect(findings).toHaveLength(1);
    expect(findings[0]).toContain(`${path}:1 names ${what}`);
  });

  it('leaves addresses and relative folders alone', () => {
    const text =
      'https://example.invalid/home/x/y and ./root/x and network/home/x/y and /v1/accounts and /var/lib/duckdb';
    expect(found(checkPlaces, { 'docs/a.md': text })).toEqual([]);
  });
});
