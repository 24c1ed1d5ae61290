/** Breaking a system on purpose: load, faults, an independent checker, and a report. */
export * from './checker/evidence.ts';
export * from './checker/checker.ts';
export * from './clock.ts';
export * from './faults/fault.ts';
export * from './faults/table.ts';
export * from './random.ts';
export * from './report/failures.ts';
export * from './report/summary.ts';
export * from './report/statistics.ts';
export * from './run/desk.ts';
export * from './run/one-run.ts';
export * from './run/plan.ts';
export * from './system/system.ts';
export * from './system/whole.ts';
