/** The tree is read whole, with git and without it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readTree } from './tree.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdfast-tree-'));
  mkdirSync(join(root, 'a/dist'), { recursive: true });
  writeFileSync(join(root, 'a/one.ts'), 'one');
  writeFileSync(join(root, 'a/dist/two.ts'), 'two');
  writeFileSync(join(root, '.gitignore'), 'dist/\n');
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('readTree', () => {
  it('walks a folder without git, past what is built', () => {
    const tree = readTree(root);
    expect(tree.paths).toEqual(['.gitignore', 'a/one.ts']);
    expect(tree.text('a/one.ts')).toBe('one');
  });

  it('takes from git what is tracked or would be, and leaves out what was deleted', () => {
    execFileSync('git', ['init', '--quiet', root]);
    writeFileSync(join(root, 'gone.ts'), '');
    execFileSync('git', ['-C', root, 'add', '.']);
    rmSync(join(root, 'gone.ts'));
    writeFileSync(join(root, 'new.ts'), '');
    expect(readTree(root).paths).toEqual(['.gitignore', 'a/one.ts', 'new.ts']);
  });
});
