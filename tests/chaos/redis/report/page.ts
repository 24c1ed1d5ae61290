/** The page docs/chaos-redis.md: what was done, how often, and what came out, beside stock Sentinel. */
import { cpus } from 'node:os';
import { FAULTS, PAIR } from '../faults/table.ts';
import type { Soaked } from '../soak.ts';
import { aimRows, reachedText } from './aims.ts';
import { QUIET_LOAD, type Results } from './results.ts';
import { boundText, rowsOf, shownMs, stockRows } from './summary.ts';
import { P99_FROM } from '@holdfast/drill';

/** The whole page as Markdown, of one or several runs of the suite. */
export function page(parts: readonly Results[], soaked: Soaked | undefined): string {
  const [first] = parts;
  if (first === undefined) return '# Chaos: Redis\nNothing was run.\n';
  const results: Results = {
    ...first,
    runs: parts.flatMap(({ runs }) => runs),
    stock: parts.flatMap(({ stock }) => stock),
    minutes: parts.reduce((sum, { minutes }) => sum + minutes, 0),
    skipped: [...new Map(parts.flatMap(({ skipped }) => skipped.map((one) => [one.name, one]))).values()],
  };
  const { args, runs, skipped } = results;
  const acknowledged = runs.reduce((sum, { verdict }) => sum + verdict.acknowledged, 0);
  const unknown = runs.reduce((sum, { verdict }) => sum + verdict.unknown, 0);
  return `# Chaos: Redis
Made by \`npm run chaos:redis\`; \`tests/chaos/redis\` is the suite. Three hosts (network namespaces, a disk each), each with
Redis, Sentinel${results.wardens ? ' and warden' : ''}; two clients that write through the product's own acknowledged write, ${args.perSecond} signals a second
each. After every fault all is mended, and a checker that shares no code with the product holds what the clients were told
against what the nodes hold.

- **${boundText(results)}.**
- ${runs.length} runs in ${results.minutes.toFixed(0)} minutes, ${acknowledged} acknowledged signals, ${unknown} answered as unknown. Profile \`${args.profile}\`.
${parts.map(partText).join('\n')}
- ${cpus().length} cores, all processes on one machine; times are not those of your machine.
- Outage: from the fault to the first acknowledgement of a write that began after it; where a fault stops the service by its nature
  (marked ¹), from the moment at which all was mended; where it should not stop the service at all (marked ²), the longest time in the
  run without any acknowledgement. In ms. p99 only from ${P99_FROM} runs of a fault on. "Every client" is the
  client that had to wait longest.
${skipped.map(({ name, why }) => `- Not done here: \`${name}\` (${why}).`).join('\n')}

## Aims
Times are those of parts that began with a load below ${QUIET_LOAD}; losses are those of all.

| what | aim | measured | reached |
|---|---|---|---|
${aimRows(parts, soaked)
  .map((row) => `| ${row.what} | ${row.aim} | ${row.measured} | ${reachedText(row)} |`)
  .join('\n')}

## By fault
| fault | row | runs | lost | doubled | unknown | median | max | p99 | every client, max | false failovers |
|---|---|---|---|---|---|---|---|---|---|---|
${rowsOf(results)
  .map((row) => {
    const fault = FAULTS.find(({ name }) => name === row.fault);
    const mark =
      fault?.serves === false || row.fault === PAIR ? '¹' : fault?.measures === undefined ? '' : '²';
    const what = fault?.what ?? 'two faults, the second in the recovery of the first';
    return `| ${what}${mark} (\`${row.fault}\`) | ${fault?.row ?? '54'} | ${row.runs} | ${row.lost} | ${row.doubled} | ${row.unknown} | ${shownMs(row.outage.median)} | ${shownMs(row.outage.max)} | ${shownMs(row.outage.p99)} | ${shownMs(row.slowest.max)} | ${row.falseFailovers} |`;
  })
  .join('\n')}

${stockText(results)}`;
}

function partText({ args, runs, loadBefore }: Results): string {
  const numbers = runs.map(({ run }) => run);
  const faults = args.faults.length === 0 ? '' : ` --faults ${args.faults.join(',')}`;
  return `- Seed ${args.seed}, runs ${Math.min(...numbers)} to ${Math.max(...numbers)}: one of them again is \`npm run chaos:redis -- --seed ${args.seed}${faults} --from RUN --runs 1\`. Load in the minute before: ${loadBefore}.`;
}

function stockText(results: Results): string {
  const rows = stockRows(results);
  if (rows.length === 0) return '';
  const ours = (fault: string): string => {
    const row = rowsOf(results).find((one) => one.fault === fault);
    return row === undefined ? '–' : `${shownMs(row.outage.median)} / ${shownMs(row.outage.max)}`;
  };
  return `## Beside stock Sentinel
Redis and Sentinel alone with the same settings, on the same machine in the same run, taken in turns with ours; a plain client that
finds the primary through Sentinel and writes with SET and WAIT 1. Fault to first acknowledged write, median / max in ms.

| set-up | runs | median / max |
|---|---|---|
| ours, kill -9 | ${rowsOf(results).find(({ fault }) => fault === 'kill-primary')?.runs ?? 0} | ${ours('kill-primary')} |
| ours, SIGSTOP | ${rowsOf(results).find(({ fault }) => fault === 'freeze')?.runs ?? 0} | ${ours('freeze')} |
${rows
  .map(
    ({ what, outage, never }) =>
      `| stock, ${what} | ${outage.count} | ${shownMs(outage.median)} / ${shownMs(outage.max)}${never === 0 ? '' : `, ${never} never`} |`,
  )
  .join('\n')}
`;
}
