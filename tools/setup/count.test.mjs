/** Counting never calls a run green that did not prove it. */
import { describe, expect, it } from 'vitest';
import { closingLine, countCheck, countMissing, countTests, exitCodeOf, total } from './count.mjs';

const file = (status, tests) => ({
  name: 'x.test.ts',
  status,
  assertionResults: tests.map((is) => ({ status: is, fullName: `x ${is}` })),
});

describe('countTests', () => {
  it('counts what the report says', () => {
    const report = {
      testResults: [file('passed', ['passed', 'passed', 'pending']), file('failed', ['failed', 'passed'])],
    };
    expect(countTests(report, 1)).toEqual({ passed: 3, failed: 1, skipped: 1, why: ['x pending'] });
  });

  it.each([
    ['no report', undefined, 0],
    ['a report of another form', {}, 0],
    ['no tests', { testResults: [] }, 0],
    ['a file that could not be loaded', { testResults: [file('failed', [])] }, 1],
    ['an exit code without a failed test', { testResults: [file('passed', ['passed'])] }, 1],
  ])('takes %s for a failure', (_name, report, exitCode) => {
    const counts = countTests(report, exitCode);
    expect(counts.failed).toBe(1);
    expect(counts.why).toHaveLength(1);
  });
});

describe('the end of a run', () => {
  const closing = (...counts) => {
    const sum = total(counts.map((one) => ({ counts: one })));
    return [closingLine(sum), exitCodeOf(sum)];
  };

  it('is green when something passed and nothing failed', () => {
    expect(closing(countCheck(0), { passed: 4, failed: 0, skipped: 0, why: [] })).toEqual([
      '5 passed, 0 failed',
      0,
    ]);
    expect(closing(countCheck(0), countMissing('no redis'))).toEqual(['1 passed, 0 failed, 1 skipped', 0]);
  });

  it('is red when something failed or nothing ran', () => {
    expect(closing(countCheck(0), countCheck(1))).toEqual(['1 passed, 1 failed', 1]);
    expect(closing(countMissing('no redis'))).toEqual(['0 passed, 0 failed, 1 skipped', 1]);
    expect(closing()).toEqual(['0 passed, 0 failed', 1]);
  });
});
