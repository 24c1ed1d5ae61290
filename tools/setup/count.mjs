/**
 * What a suite came to, from vitest's JSON report and the exit code. Nothing counts as passed that did not say so: a
 * missing report, a file that could not be loaded, an error outside of any test and an empty suite are failures.
 */

/** Counts of one suite: `{ passed, failed, skipped, why: [...] }`; `why` names each skipped test and each failure without a test. */
export function countTests(report, exitCode) {
  if (!Array.isArray(report?.testResults)) return failure('left no report');
  const tests = report.testResults.flatMap((file) => file.assertionResults ?? []);
  const unloaded = report.testResults.filter((file) => file.status === 'failed' && !hasFailure(file));
  const skipped = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed');
  const counts = {
    passed: tests.filter((test) => test.status === 'passed').length,
    failed: tests.filter((test) => test.status === 'failed').length + unloaded.length,
    skipped: skipped.length,
    why: [
      ...unloaded.map((file) => `could not be loaded: ${file.name}`),
      ...skipped.map((test) => test.fullName),
    ],
  };
  if (counts.passed + counts.failed + counts.skipped === 0) return failure('has no tests');
  if (exitCode !== 0 && counts.failed === 0) {
    return {
      ...counts,
      failed: 1,
      why: [...counts.why, `ended with exit code ${exitCode} outside of any test`],
    };
  }
  return counts;
}

/** Counts of a check that is not made of tests: one, passed or failed. */
export function countCheck(exitCode) {
  return exitCode === 0
    ? { passed: 1, failed: 0, skipped: 0, why: [] }
    : failure(`ended with exit code ${exitCode}`);
}

/** Counts of a suite that cannot run here. */
export function countMissing(reason) {
  return { passed: 0, failed: 0, skipped: 1, why: [reason] };
}

/** The sum over suites. */
export function total(results) {
  const sum = (name) => results.reduce((all, { counts }) => all + counts[name], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}

/** The last line of a run. */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** Zero only when something ran and nothing failed. */
export function exitCodeOf({ passed, failed }) {
  return failed === 0 && passed > 0 ? 0 : 1;
}

function hasFailure(file) {
  return (file.assertionResults ?? []).some((test) => test.status === 'failed');
}

function failure(reason) {
  return { passed: 0, failed: 1, skipped: 0, why: [reason] };
}
