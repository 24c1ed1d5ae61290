/** docs/planted-bugs.md: what was planted, and what has caught it. */
import { PLANTED, type PlantedBug, type Suite } from './rows.ts';

export type Caught = {
  readonly bug: PlantedBug;
  /** Of a simulation: how many seeds it took. */
  readonly seeds: string | undefined;
};

const SUITES: Readonly<Record<Suite, string>> = {
  'in-sync-set': 'simulation of Redis and wardens',
  engine: 'simulation of the whole system',
  contract: 'contract, simulated Redis',
  'contract, real': 'contract, real Redis',
  unit: 'unit tests',
  scenario: 'scenarios of the whole system',
};

/** The page for a run that caught these; the others of the table stand there as not run. */
export function pageOf(caught: readonly Caught[]): string {
  const rows = PLANTED.map((bug) => {
    const found = caught.find((one) => one.bug === bug);
    const how = found === undefined ? 'not run' : after(found.seeds);
    const file = bug.tests === undefined ? '' : `, \`${bug.tests}\``;
    const suite = `${SUITES[bug.caughtBy]}${bug.onRedis8 === true ? ' 8' : ''}${file}`;
    return `| ${bug.breaks} | \`${bug.file}\` | ${suite} | ${how} |`;
  });
  return `# Planted bugs

Bugs that are planted on purpose, one at a time, into a copy of the tree (\`tests/planted\`). Each must be caught by the suite
named; the copy without a bug passes all of them. The simulations draw seeds from 1 on until one is broken, most of them
with a few kinds of faults only; the number moves when the code does.

\`npm run planted\` runs all of it; with \`HOLDFAST_PLANTED_PAGE=write\` it writes this page.

| what is broken | in | caught by | after |
|---|---|---|---|
${rows.join('\n')}
`;
}

const after = (seeds: string | undefined): string => {
  if (seeds === undefined) return 'its run';
  return seeds === '1' ? '1 seed' : `${seeds} seeds`;
};
