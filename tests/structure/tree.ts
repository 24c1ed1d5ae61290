/**
 * The tree that the checks read: paths from the root of the repository, with their text. A test plants a small one.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export type Tree = {
  /** With `/`, from the root, sorted. */
  readonly paths: readonly string[];
  /** The text of a path of the tree. */
  readonly text: (path: string) => string;
};

/** What a check has to say: where, and what to do instead. */
export type Finding = { readonly path: string; readonly says: string };

export type Check = (tree: Tree) => readonly Finding[];

const NEVER_READ = new Set(['node_modules', 'dist', '.git', '.nx', '.holdfast']);

/** The files of a checkout: what git tracks or would track; without git everything but what is never read. */
export function readTree(root: string): Tree {
  const paths = existsSync(join(root, '.git')) ? gitPaths(root) : walkedPaths(root, '');
  const present = paths.filter((path) => statSync(join(root, path), { throwIfNoEntry: false })?.isFile());
  const texts = new Map<string, string>();
  return {
    paths: present.toSorted(),
    text: (path) => {
      const known = texts.get(path);
      if (known !== undefined) return known;
      const text = readFileSync(join(root, path), 'utf8');
      texts.set(path, text);
      return text;
    },
  };
}

/** A planted tree. */
export function plantedTree(files: Readonly<Record<string, string>>): Tree {
  return {
    paths: Object.keys(files).toSorted(),
    text: (path) => {
      const text = files[path];
      if (text === undefined) throw new Error(`no planted file ${path}`);
      return text;
    },
  };
}

/** TypeScript and the plain JavaScript of the set-up. */
export function isSource(path: string): boolean {
  return /\.(ts|mts|mjs|js)$/.test(path) && !path.endsWith('.d.ts');
}

/** Tests, and what only tests use: everything under tests/, and beside the code `x.test.ts` and `testing/`. */
export function isTest(path: string): boolean {
  return path.startsWith('tests/') || path.endsWith('.test.ts') || path.includes('/src/testing/');
}

function gitPaths(root: string): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return [...new Set(listed.split('\0').filter((path) => path !== ''))];
}

function walkedPaths(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (NEVER_READ.has(entry.name)) return [];
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    return entry.isDirectory() ? walkedPaths(root, path) : [path];
  });
}
