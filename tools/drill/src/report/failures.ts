/** What makes a run a failure: what breaks a promise. A slow one is reported, not failed; a hanging one fails. */
import type { RunResult } from '../run/one-run.ts';

/** Everything that is wrong with the run, in words; empty when it passed. */
export function failuresOf({ verdict, outageMs, notWhole }: RunResult): string[] {
  return [
    ...verdict.lost.map((name) => `lost: ${name} was acknowledged and has no result`),
    ...verdict.doubled.map((what) => `doubled: ${what}`),
    ...verdict.wrong,
    ...(outageMs === undefined ? ['an account had no signal executed within the limit'] : []),
    ...(notWhole === undefined ? [] : [`not whole afterwards: ${notWhole}`]),
  ];
}

/** One line for the terminal. */
export function lineOf(result: RunResult): string {
  const ms = (value: number | undefined): string =>
    (value === undefined ? '—' : value.toFixed(0)).padStart(6);
  const { verdict } = result;
  const unknown = verdict.unknown.length === 0 ? '' : `  unknown ${verdict.unknown.length}`;
  const failed = failuresOf(result).length === 0 ? '' : '  FAILED';
  return (
    `${String(result.run).padStart(4)} ${result.fault.padEnd(27)} next executed ${ms(result.firstMs)}` +
    ` slowest account ${ms(result.outageMs)}  whole ${ms(result.wholeMs)}  run ${ms(result.tookMs)}` +
    `  acknowledged ${String(verdict.acknowledged).padStart(4)}${unknown}${failed}`
  );
}
