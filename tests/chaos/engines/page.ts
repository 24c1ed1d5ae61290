/** The page docs/chaos-engines.md: what was done, how often, and what came out. */
import { cpus } from 'node:os';
import { boundText, failuresOf, type RunResult, tableOf } from '@holdfast/drill';
import type { Results } from './suite.ts';

/** The whole page as Markdown, of one or several runs of the suite. */
export function page(parts: readonly Results[]): string {
  const runs = parts.flatMap((part) => part.runs);
  const [first] = parts;
  if (first === undefined || runs.length === 0) return '# Chaos: engines\nNothing was run.\n';
  const sum = (of: (run: RunResult) => number): number => runs.reduce((total, run) => total + of(run), 0);
  const broken = parts.flatMap((part) => part.broken);
  return `# Chaos: engines
Made by \`npm run chaos:engines\`; \`tests/chaos/engines\` is the suite, on top of \`tools/drill\`. The product as real processes: two
engines, two backends, three Redis nodes with Sentinels and wardens, ${first.accounts} accounts with a simulated terminal each. Clients send
${first.perSecond} signals a second on each account over HTTP and hear of results by server-sent events. After every fault a checker that
shares no code with the product holds what the clients were told, the numbered records and the broker's own ledger against
each other: each acknowledged signal has exactly one result, none has two orders at the broker, results and ledger agree, the
numbers have no hole, the epoch never goes back.

- **${boundText(runs)}.**
- ${runs.length} runs, ${sum(({ verdict }) => verdict.acknowledged)} acknowledged signals, ${sum(({ verdict }) => verdict.executed)} of them executed, ${sum(({ verdict }) => verdict.unknown.length)} unknown and named.
${parts.map(partText).join('\n')}
- ${cpus().length} cores, all processes on one machine; times are not those of your machine.
${failedText(parts)}${broken.map((what) => `- Could not be finished: ${what}\n`).join('')}
## By fault
${tableOf(runs)}
`;
}

function partText({ seed, faults, runs, minutes, loadBefore }: Results): string {
  const numbers = runs.map(({ run }) => run);
  const named = faults.length === 0 ? '' : ` --faults ${faults.join(',')}`;
  return `- Seed ${seed}, runs ${Math.min(...numbers)} to ${Math.max(...numbers)} in ${minutes.toFixed(0)} minutes: one of them again is \`npm run chaos:engines -- --seed ${seed}${named} --from RUN --runs 1\`. Load in the minute before: ${loadBefore}.`;
}

function failedText(parts: readonly Results[]): string {
  const failed = parts.flatMap(({ seed, runs }) =>
    runs.flatMap((run) =>
      failuresOf(run).map(
        (what) => `- Failed: seed ${seed}, run ${run.run}, \`${run.fault}\` (${run.what}): ${what}\n`,
      ),
    ),
  );
  return failed.join('');
}
