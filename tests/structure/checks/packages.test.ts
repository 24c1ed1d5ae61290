/** What checkPackages finds, and what it leaves alone, on small planted trees. */
import { describe, expect, it } from 'vitest';
import { type Finding, plantedTree } from '../tree.ts';
import { checkPackages } from './packages.ts';

const manifest = (name: string, more: object = {}): string =>
  JSON.stringify({ name: `@holdfast/${name}`, exports: { '.': './src/index.ts' }, ...more });

const core = {
  'libs/ha-core/package.json': manifest('ha-core', { dependencies: { zod: '4.6.7' } }),
  'libs/ha-core/src/index.ts': `import { z } from 'zod';`,
};

const redis = (source: string, manifestMore: object = {}): Record<string, string> => ({
  ...core,
  'libs/redis/package.json': manifest('redis', {
    dependencies: { '@holdfast/ha-core': '0.1.0' },
    ...manifestMore,
  }),
  'libs/redis/src/index.ts': `import type { A } from '@holdfast/ha-core';\n${source}`,
});

const found = (files: Record<string, string>): string[] =>
  checkPackages(plantedTree(files)).map(({ path, says }: Finding) => `${path} ${says}`);

describe('a tree in order', () => {
  it('has no findings', () => {
    expect(found(redis(`import { readFileSync } from 'node:fs';\nimport './other.ts';`))).toEqual([]);
  });
});

describe('an undeclared package', () => {
  const says = 'imports pino, which libs/redis/package.json does not declare';
  it.each([
    ['import', `import pino from 'pino';`],
    ['a type import', `import type { Logger } from 'pino';`],
    ['export from', `export { pino } from 'pino';`],
    ['export all', `export * from 'pino';`],
    ['import()', `await import('pino');`],
    ['import equals', `import pino = require('pino');`],
    ['an import type', `type Logger = import('pino').Logger;`],
    ['require', `require('pino');`],
    ['a deep import', `import x from 'pino/lib/x.js';`],
    ['import.meta.resolve', `import.meta.resolve('pino');`],
  ])('is found in the form %s', (_form, source) => {
    expect(found(redis(source))).toEqual([`libs/redis/src/index.ts:2 ${says}`]);
  });

  it('is no import when it only stands in a comment or in a text', () => {
    expect(found(redis(`// import 'pino'\nexport const text = "import 'pino'";`))).toEqual([]);
  });

  it('is found for a package of the workspace', () => {
    const files = {
      ...redis(''),
      'libs/bridge/package.json': manifest('bridge'),
      'libs/bridge/src/index.ts': `import '@holdfast/ha-core';`,
    };
    expect(found(files)).toEqual([
      'libs/bridge/src/index.ts:1 imports @holdfast/ha-core, which libs/bridge/package.json does not declare',
    ]);
  });

  it('is found when a source leans on devDependencies, and is fine in a test', () => {
    const dev = { devDependencies: { pino: '1.0.0' } };
    expect(found(redis(`import 'pino';`, dev))).toEqual([`libs/redis/src/index.ts:2 ${says}`]);
    const inTest = { ...redis('', dev), 'libs/redis/src/x.test.ts': `import 'pino'; import 'vitest';` };
    expect(found(inTest)).toEqual([]);
  });

  it('may be a devDependency where only people who work on it run the source', () => {
    const bench = {
      'tools/bench/package.json': manifest('bench', { devDependencies: { pino: '1.0.0' } }),
      'tools/bench/src/main.ts': `import 'pino';`,
    };
    expect(found(bench)).toEqual([]);
  });
});

describe('a declared package', () => {
  it('must be used', () => {
    expect(found(redis('', { dependencies: { '@holdfast/ha-core': '0.1.0', pino: '1.0.0' } }))).toEqual([
      'libs/redis/package.json declares pino, which nothing there imports',
    ]);
  });

  it('is pinned exactly', () => {
    expect(
      found(redis(`import 'pino';`, { dependencies: { '@holdfast/ha-core': '0.1.0', pino: '^1.0.0' } })),
    ).toEqual(['libs/redis/package.json pins pino to ^1.0.0; write an exact version']);
  });
});

describe('layers', () => {
  const app = (name: string, dependencies: object, source: string): Record<string, string> => ({
    [`apps/${name}/package.json`]: manifest(name, { dependencies }),
    [`apps/${name}/src/main.ts`]: source,
  });

  it('nothing imports upward', () => {
    const files = {
      ...redis(`import '@holdfast/engine';`, {
        dependencies: { '@holdfast/ha-core': '0.1.0', '@holdfast/engine': '0.1.0' },
      }),
      ...app('engine', {}, ''),
    };
    expect(found(files)).toEqual([
      'libs/redis/src/index.ts:2 libs/redis may not know apps/engine: only what is below it',
    ]);
  });

  it('apps never import apps', () => {
    const files = {
      ...app('engine', { '@holdfast/sync': '0.1.0' }, `import '@holdfast/sync';`),
      ...app('sync', {}, ''),
    };
    expect(found(files)).toEqual([
      'apps/engine/src/main.ts:1 apps/engine may not know apps/sync: only what is below it',
    ]);
  });

  it('an unknown package has no rank', () => {
    expect(found({ 'libs/new/package.json': manifest('new') })).toEqual([
      'libs/new has no rank in tests/structure/checks/packages.ts',
    ]);
  });
});

describe('ways around a package', () => {
  it.each([
    [
      `import '@holdfast/ha-core/src/index.ts';`,
      'reaches past the exports of @holdfast/ha-core: @holdfast/ha-core/src/index.ts',
    ],
    [
      `import '../../ha-core/src/index.ts';`,
      'imports ../../ha-core/src/index.ts from outside its package; import the package by its name',
    ],
    [`import '@holdfast/absent';`, 'imports @holdfast/absent, which is no package of the workspace'],
    [`import 'fs';`, 'imports fs; write node:fs'],
  ])('%s', (source, says) => {
    expect(found(redis(source))).toEqual([`libs/redis/src/index.ts:2 ${says}`]);
  });

  it('an exported path is no way around', () => {
    const files = redis(`import '@holdfast/ha-core/testing';`);
    const exports = { '.': './src/index.ts', './testing': './src/index.ts' };
    expect(
      found({
        ...files,
        'libs/ha-core/package.json': manifest('ha-core', { exports, dependencies: { zod: '4.6.7' } }),
      }),
    ).toEqual([]);
  });
});
