/**
 * Writes docs/simulation.md from what `seeds.ts --json` wrote, and from what is kept of earlier runs: node tests/sim/report.ts
 * FILE... Files of ranges that follow one another are parts of one; so is what follows one that is kept (runs.json).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { ONCE_BROKEN_SETS, ONCE_BROKEN_SYSTEMS } from './once-broken.ts';
import { type Measured, type Range, rangeOf, withMore } from './ranges.ts';
import type { Simulation } from './series.ts';

const PAGE = new URL('../../docs/simulation.md', import.meta.url);
const KEPT = new URL('runs.json', import.meta.url);
const WHAT: Readonly<Record<Simulation, string>> = {
  engine: 'the whole system: clients, two engines, Redis with wardens, terminals, a broker (`engine`)',
  'in-sync-set': 'Redis alone: three machines with wardens, two writers (`in-sync-set`)',
};
const MENDED = new Set([...ONCE_BROKEN_SETS, ...ONCE_BROKEN_SYSTEMS].map(([seed]) => seed));
const COUNT = new Intl.NumberFormat('en-US');

const kept = JSON.parse(readFileSync(KEPT, 'utf8')) as readonly Range[];
const more = process.argv.slice(2).map((file) => rangeOf(JSON.parse(readFileSync(file, 'utf8')) as Measured));
const ranges = withMore(kept, more);
writeFileSync(KEPT, `${JSON.stringify(ranges, null, 2)}\n`);
writeFileSync(PAGE, pageOf(ranges));

function pageOf(series: readonly Range[]): string {
  return [
    '# Simulation: many seeds',
    'Made by `node tests/sim/report.ts` from runs of `node tests/sim/seeds.ts`. Each seed is a system of its own on virtual time: the',
    "product's own loops and functions, a network that loses, delays and cuts, processes that die and freeze, clocks that jump,",
    'a broker with faults of its own. Which faults strike, when, and in which order everything happens, comes from the seed',
    'alone: the same seed goes the same way again. After every event checkers hold the invariants I1 to I8; at the end each',
    'acknowledged signal has its one result, and the broker has at most one order for it.',
    '',
    'Of the whole system every other seed leaves the Redis machines alone: its nodes are there without wardens and Sentinels, and with',
    'a set. In the others engines and terminals start once Redis has formed its set. In two seeds of eight (the number modulo 8 below',
    '2) all of it starts together; in the runs up to 2026-11-27, and in those of 7500001 on, every seed did. In those of 7600001 on',
    'Redis formed its set in all of them, and who watches over it rested then. In those of 8600001 on the clock of a former primary was',
    'ahead in every other eight of them, so that primaries one after the other give different signals the same entry.',
    '',
    '## Runs',
    '| what | seeds | broken | kinds of faults | of them together | a minute, fastest part |',
    '|---|---|---|---|---|---|',
    ...series.map(rowOf),
    '',
    'The rate is what was left: other work ran beside most of them, and some stood still meanwhile.',
    '',
    ...series.map(sentenceOf),
    '',
    '## Seeds that once broke',
    'Each of them is run in every `npm test` (`tests/sim/once-broken.sim.test.ts`). What a seed does changes with the code, so the',
    'rule that it led to has a test of its own too; `docs/transcripts` tells what it does now.',
    '',
    '| simulation | seed | what was wrong |',
    '|---|---|---|',
    ...ONCE_BROKEN_SYSTEMS.map(([seed, why]) => onceRow('engine', 'system', seed, why)),
    ...ONCE_BROKEN_SETS.map(([seed, why]) => onceRow('in-sync-set', 'in-sync-set', seed, why)),
    '',
  ].join('\n');
}

function rowOf({ simulation, ran, broken, kinds, counts, perMinute }: Range): string {
  const said = Object.entries(counts).map(([what, number]) => `${COUNT.format(number)} ${what}`);
  return `| ${WHAT[simulation]} | ${COUNT.format(ran)} | ${broken.length} | ${kinds} | ${said.join(', ')} | ${COUNT.format(perMinute)} |`;
}

function sentenceOf({ simulation, from, ran, broken, parts, jobs, date, machine }: Range): string {
  const command = `node tests/sim/seeds.ts ${simulation} --from ${from} --count ${ran} --jobs ${jobs}`;
  const bound =
    broken.length === 0
      ? `With 95 % confidence fewer than 1 in ${COUNT.format(Math.floor(ran / 3))} seeds of this kind would break.`
      : `Broken: ${broken.map(({ seed, why }) => `${seed} (${why}${MENDED.has(seed) ? '; mended since' : ''})`).join('; ')}.`;
  const inParts = parts > 1 ? `, in ${parts} parts` : '';
  return `- \`${command}\`${inParts}, ${date}, ${machine.cores} cores (${machine.model}), Node ${machine.node}. ${bound}`;
}

function onceRow(simulation: Simulation, page: string, seed: number, why: string): string {
  return `| \`${simulation}\` | [${seed}](transcripts/${page}-${seed}.md) | ${why} |`;
}
