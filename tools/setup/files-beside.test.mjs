/** A bundle finds what its sources found beside themselves: a folder, a file and a program that runs as a child. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const SETUP = fileURLToPath(new URL('./', import.meta.url));
const ROLLDOWN = join(SETUP, '../../node_modules/.bin/rolldown');

const FILES = {
  'libs/store/migrations/001.sql': 'CREATE TABLE records',
  'libs/store/src/index.ts': `
    import { execFileSync } from 'node:child_process';
    import { readdirSync, readFileSync } from 'node:fs';
    import { fileURLToPath } from 'node:url';
    const folder = new URL('../migrations/', import.meta.url);
    const child = fileURLToPath(new URL('./child.ts', import.meta.url));
    export const migrations = (): string[] => readdirSync(folder);
    export const first = (): string => readFileSync(new URL('../migrations/001.sql', import.meta.url), 'utf8');
    export const answer = (): string => execFileSync(process.execPath, [child], { encoding: 'utf8' });`,
  'libs/store/src/child.ts': `import { word } from './word.ts';\nconsole.log(word);`,
  'libs/store/src/word.ts': `export const word: string = 'whole';`,
  'apps/sync/src/main.ts': `
    import { answer, first, migrations } from '../../../libs/store/src/index.ts';
    console.log(JSON.stringify([migrations(), first(), answer().trim()]));`,
};

let root;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'holdfast-bundle-'));
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  }
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

const bundle = () =>
  spawnSync(ROLLDOWN, ['--config', join(SETUP, 'rolldown.config.mjs')], {
    cwd: join(root, 'apps/sync'),
    encoding: 'utf8',
  });

it('runs from its own folder alone', () => {
  expect(bundle().status).toBe(0);
  rmSync(join(root, 'libs'), { recursive: true });
  const said = execFileSync(process.execPath, [join(root, 'apps/sync/dist/main.js')], { encoding: 'utf8' });
  expect(JSON.parse(said)).toEqual([['001.sql'], 'CREATE TABLE records', 'whole']);
});

it('is not made when something it needs is missing', () => {
  expect(bundle().status).not.toBe(0);
});
