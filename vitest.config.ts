/** One configuration for all suites; each suite is a project. Quick by default; the long forms are flags of test:all. */
import { defineConfig } from 'vitest/config';

const suite = (
  name: string,
  include: string[],
  testTimeout: number,
  more: { fileParallelism?: false; globalSetup?: string[] } = {},
) => ({
  extends: true as const,
  test: { name, include, testTimeout, hookTimeout: testTimeout, ...more },
});

export default defineConfig({
  test: {
    exclude: ['**/node_modules/**', '**/dist/**'],
    // Else one core is left idle, which on two is half of the machine.
    maxWorkers: '100%',
    projects: [
      suite('unit', ['{apps,libs,tools,infra/cdktf}/**/src/**/*.test.ts', 'tools/setup/*.test.mjs'], 10_000),
      suite('structure', ['tests/structure/**/*.test.ts'], 30_000),
      suite('contract', ['tests/contract/**/*.test.ts'], 60_000),
      suite('sim', ['tests/sim/**/*.test.ts'], 120_000),
      suite('planted', ['tests/planted/**/*.test.ts'], 300_000),
      suite('e2e', ['tests/e2e/**/*.test.ts'], 300_000, { fileParallelism: false }),
      suite('chaos', ['tests/chaos/**/*.test.ts'], 60_000, { fileParallelism: false }),
      suite('infra', ['tests/infra/**/*.test.ts'], 300_000, {
        fileParallelism: false,
        globalSetup: ['tests/infra/host/global-setup.ts'],
      }),
    ],
  },
});
