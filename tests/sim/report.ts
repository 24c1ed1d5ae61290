/**
 * Writes docs/simulation.md from what `seeds.ts --json` wrote: node tests/sim/report.ts FILE... Files of ranges that follow one
 * another are parts of one.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { type ManySeeds, together } from './many-seeds.ts';
import { ONCE_BROKEN_SETS, ONCE_BROKEN_SYSTEMS } from './once-broken.ts';
import { REDIS_FAULTS } from './redis/faults.ts';
import type { Simulation } from './series.ts';
import { ALL_FAULTS } from './system/faults.ts';

type Measured = ManySeeds & {
  readonly jobs: number;
  readonly seconds: number;
  readonly date: string;
  readonly machine: { readonly cores: number; readonly model: string; readonly node: string };
};

/** A range, of one file or of several. */
type Range = Measured & {
  /** Seeds a minute of each of its files: the fastest is the one with the least other work beside it. */
  readonly rates: readonly number[];
};

const PAGE = new URL('../../docs/simulation.md', import.meta.url);
const WHAT: Readonly<Record<Simulation, string>> = {
  engine: 'the whole system: clients, two engines, Redis with wardens, terminals, a broker (`engine`)',
  'in-sync-set': 'Redis alone: three machines with wardens, two writers (`in-sync-set`)',
};
const MENDED = new Set([...ONCE_BROKEN_SETS, ...ONCE_BROKEN_SYSTEMS].map(([seed]) => seed));
const COUNT = new Intl.NumberFormat('en-US');

const files = process.argv.slice(2);
if (files.length === 0) throw new Error('expected at least one file that seeds.ts --json wrote');
const measured = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Measured);
writeFileSync(PAGE, pageOf(inOne(measured)));

function inOne(files: readonly Measured[]): Range[] {
  const ranges: Range[] = [];
  const parts = files.map((file): Range => ({ ...file, rates: [(file.ran * 60) / file.seconds] }));
  for (const part of parts.toSorted((a, b) => a.from - b.from)) {
    const before = ranges.findIndex(
      ({ simulation, from, ran }) => simulation === part.simulation && from + ran === part.from,
    );
    const range = ranges[before];
    if (range === undefined) ranges.push(part);
    else ranges[before] = { ...part, ...together([range, part]), rates: [...range.rates, ...part.rates] };
  }
  return ranges;
}

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
    'Redis formed its set in all of them, and who watches over it rested then.',
    '',
    '## Runs',
    '| what | seeds | broken | kinds of faults | of them together | a minute, fastest part |',
    '|---|---|---|---|---|---|',
    ...series.map(rowOf),
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

function rowOf({ simulation, ran, broken, counts, rates }: Range): string {
  const kinds = simulation === 'engine' ? ALL_FAULTS.length : REDIS_FAULTS.length;
  const said = Object.entries(counts).map(([what, number]) => `${COUNT.format(number)} ${what}`);
  const rate = COUNT.format(Math.round(Math.max(...rates)));
  return `| ${WHAT[simulation]} | ${COUNT.format(ran)} | ${broken.length} | ${kinds} | ${said.join(', ')} | ${rate} |`;
}

function sentenceOf({ simulation, from, ran, broken, rates, jobs, date, machine }: Range): string {
  const command = `node tests/sim/seeds.ts ${simulation} --from ${from} --count ${ran} --jobs ${jobs}`;
  const bound =
    broken.length === 0
      ? `With 95 % confidence fewer than 1 in ${COUNT.format(Math.floor(ran / 3))} seeds of this kind would break.`
      : `Broken: ${broken.map(({ seed, why }) => `${seed} (${why}${MENDED.has(seed) ? '; mended since' : ''})`).join('; ')}.`;
  const parts = rates.length > 1 ? `, in ${rates.length} parts` : '';
  return `- \`${command}\`${parts}, ${date}, ${machine.cores} cores (${machine.model}), Node ${machine.node}. ${bound}`;
}

function onceRow(simulation: Simulation, page: string, seed: number, why: string): string {
  return `| \`${simulation}\` | [${seed}](transcripts/${page}-${seed}.md) | ${why} |`;
}
