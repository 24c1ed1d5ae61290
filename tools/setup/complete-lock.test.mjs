/** The lock file has no gaps, and a gap is seen and filled. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { completeLock } from './complete-lock.mjs';

const tool = { version: '1.0.0', dev: true, optionalDependencies: { '@tool/darwin-arm64': '1.0.0' } };

describe('completeLock', () => {
  it('finds no gap in this lock file; else run npm run lock', () => {
    const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'));
    expect(completeLock(lock).added).toBe(0);
  });

  it('adds a variant with its platform', () => {
    const { lock, added } = completeLock({ packages: { 'node_modules/tool': tool } });
    expect(added).toBe(1);
    expect(lock.packages['node_modules/@tool/darwin-arm64']).toEqual({
      version: '1.0.0',
      cpu: ['arm64'],
      dev: true,
      optional: true,
      os: ['darwin'],
    });
  });

  it('puts another version inside the package that wants it', () => {
    const packages = {
      'node_modules/@tool/darwin-arm64': { version: '2.0.0' },
      'node_modules/vite/node_modules/tool': tool,
      'node_modules/vite/node_modules/@tool/darwin-arm64': { version: '3.0.0' },
    };
    const { lock } = completeLock({ packages });
    expect(lock.packages['node_modules/vite/node_modules/tool/node_modules/@tool/darwin-arm64'].version).toBe(
      '1.0.0',
    );
  });

  it('takes what is there for a range', () => {
    const packages = {
      'node_modules/@tool/darwin-arm64': { version: '1.0.7' },
      'node_modules/tool': { version: '1.0.0', optionalDependencies: { '@tool/darwin-arm64': '^1.0.4' } },
    };
    expect(completeLock({ packages }).added).toBe(0);
  });

  it('leaves a whole lock file as it is', () => {
    const packages = { 'node_modules/@tool/darwin-arm64': { version: '1.0.0' }, 'node_modules/tool': tool };
    expect(completeLock({ packages })).toEqual({ lock: { packages }, added: 0 });
  });
});
