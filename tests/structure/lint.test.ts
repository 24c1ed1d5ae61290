/**
 * The linter and the formatter see what they are there for: each planted violation is found under this tree's own
 * configuration, and right code is let through. A rule that went silent with a new compiler would show here.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const VIOLATIONS: Readonly<Record<string, readonly [rule: string, source: string]>> = {
  'floating.ts': [
    'typescript(no-floating-promises)',
    `async function work() {}\nexport function main() {\n  work();\n}\n`,
  ],
  'misused.ts': [
    'typescript(no-misused-promises)',
    `export function main(listen: (run: () => void) => void) {\n  listen(async () => {\n    await Promise.resolve();\n  });\n}\n`,
  ],
  'awaited.ts': [
    'typescript(await-thenable)',
    `export async function main(value: number) {\n  await value;\n}\n`,
  ],
  'exhaustive.ts': [
    'typescript(switch-exhaustiveness-check)',
    `export function main(state: 'active' | 'standby') {\n  switch (state) {\n    case 'active':\n      return 1;\n  }\n  return 0;\n}\n`,
  ],
  'unknown.ts': ['typescript(no-explicit-any)', `export const main = (value: any) => value;\n`],
  'types.ts': [
    'typescript(consistent-type-imports)',
    `import { Other } from './other.ts';\nexport type Main = Other;\n`,
  ],
  'cycle-one.ts': [
    'import(no-cycle)',
    `import { two } from './cycle-two.ts';\nexport const one = () => two;\n`,
  ],
  'unused.ts': ['eslint(no-unused-vars)', `import { one } from './cycle-one.ts';\nexport const main = 1;\n`],
};

const RIGHT: Readonly<Record<string, string>> = {
  'other.ts': `export type Other = { readonly id: string };\n`,
  'cycle-two.ts': `import { one } from './cycle-one.ts';\nexport const two = () => one;\n`,
  'right.ts': `async function work() {}\nexport async function main() {\n  await work();\n}\n`,
};

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-lint-'));
  cpSync(join(ROOT, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
  cpSync(join(ROOT, 'biome.json'), join(folder, 'biome.json'));
  const base = { extends: join(ROOT, 'tsconfig.base.json'), compilerOptions: { types: [] }, include: ['.'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(base));
  for (const [name, source] of Object.entries(RIGHT)) writeFileSync(join(folder, name), source);
  for (const [name, [, source]] of Object.entries(VIOLATIONS)) writeFileSync(join(folder, name), source);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(
  program: string,
  ...words: string[]
): { readonly status: number | null; readonly output: string } {
  const done = spawnSync(join(ROOT, 'node_modules/.bin', program), words, { cwd: folder, encoding: 'utf8' });
  return { status: done.status, output: done.stdout + done.stderr };
}

describe('oxlint', () => {
  it.each(Object.entries(VIOLATIONS))('%s', (name, [rule]) => {
    const { status, output } = run('oxlint', '--type-aware', '--deny-warnings', name);
    expect(output).toContain(rule);
    expect(status).not.toBe(0);
  });

  it('lets right code through', () => {
    const { status, output } = run('oxlint', '--type-aware', '--deny-warnings', 'right.ts', 'other.ts');
    expect(output).toContain('Found 0 warnings and 0 errors');
    expect(status).toBe(0);
  });
});

describe('biome', () => {
  const format = (name: string) => run('biome', 'format', '--vcs-enabled=false', name);

  it('refuses what is not formatted and lets through what is', () => {
    writeFileSync(join(folder, 'unformatted.ts'), 'export const main = "x"\n');
    expect(format('unformatted.ts').status).not.toBe(0);
    expect(format('right.ts')).toMatchObject({ status: 0 });
  });
});
