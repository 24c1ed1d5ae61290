/**
 * Many seeds of a simulation by hand, without a test runner around them:
 *
 *   node tests/sim/seeds.ts in-sync-set --from 1 --count 20000
 *   node tests/sim/seeds.ts engine --count 500 --faults 'engine crash,drop reply'
 *
 *   node tests/sim/seeds.ts engine --count 100000 --jobs 2      in two processes, each with a part of the range
 *
 *   --json FILE       writes what came out, for the page: node tests/sim/report.ts FILE... writes docs/simulation.md
 *
 * Prints each broken seed as soon as it is known, the first one's story, and a line of counts every 500; ends with 1 where any
 * was broken.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type ManySeeds, together } from './many-seeds.ts';
import { inWords, runSeries, type Simulation } from './series.ts';

/** Seeds between two lines that say how far it is. */
const PIECE = 500;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    from: { type: 'string', default: '1' },
    count: { type: 'string', default: '200' },
    faults: { type: 'string', default: '' },
    'broken-max': { type: 'string', default: '5' },
    jobs: { type: 'string', default: '1' },
    json: { type: 'string' },
  },
});
const simulation = simulationOf(positionals[0] ?? 'in-sync-set');
const from = whole('from');
const count = whole('count');
const faults = values.faults.split(',').filter((name) => name !== '');
const brokenMax = whole('broken-max');

const jobs = Math.min(whole('jobs'), count);
const startedMs = performance.now();
const found = jobs > 1 ? together(await inProcesses()) : await here();
if (found.broken.length > 0 || found.worth === 0) process.exitCode = 1;
if (jobs > 1)
  process.stdout.write(`${simulation}: ${count} seeds from ${from} in ${jobs} processes, ${tookS()} s\n`);
if (values.json !== undefined) {
  const machine = { cores: cpus().length, model: cpus()[0]?.model ?? '', node: process.versions.node };
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(values.json, `${JSON.stringify({ ...found, jobs, seconds: tookS(), date, machine })}\n`);
}
// The parent of a part of a range.
process.send?.(found);

/** Each process has its own part of the range, and prints what it found for itself. */
async function inProcesses(): Promise<ManySeeds[]> {
  const part = Math.ceil(count / jobs);
  const starts = Array.from({ length: Math.ceil(count / part) }, (_, index) => index * part);
  return Promise.all(
    starts.map((start) => {
      const numbers = { from: from + start, count: Math.min(part, count - start), 'broken-max': brokenMax };
      const args = Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, String(value)]);
      const all = [import.meta.filename, simulation, ...args, '--faults', values.faults];
      const child = spawn(process.execPath, all, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
      let said: ManySeeds | undefined;
      child.on('message', (message) => {
        said = message as ManySeeds;
      });
      return new Promise<ManySeeds>((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (code) => {
          if (said === undefined) reject(new Error(`the process from ${from + start} ended with ${code}`));
          else resolve(said);
        });
      });
    }),
  );
}

async function here(): Promise<ManySeeds> {
  const pieces: ManySeeds[] = [];
  let found: ManySeeds = { simulation, from, ran: 0, broken: [], counts: {}, worth: 0 };
  while (found.ran < count && found.broken.length < brokenMax) {
    const start = from + found.ran;
    const series = await runSeries(simulation, {
      from: start,
      count: Math.min(PIECE, count - found.ran),
      faults,
      brokenMax: brokenMax - found.broken.length,
    });
    for (const [index, { seed, why, story }] of series.broken.entries()) {
      process.stdout.write(`SEED=${seed} ${why}\n`);
      if (found.broken.length === 0 && index === 0) process.stdout.write(`${story.join('\n')}\n`);
    }
    const broken = series.broken.map(({ seed, why }) => ({ seed, why }));
    pieces.push({ ...series, simulation, from: start, broken });
    found = together(pieces);
    process.stdout.write(
      `${simulation}: ${found.ran} seeds from ${from}, ${found.broken.length} broken, ${tookS()} s (the last ${series.ran}: ${inWords(series.counts)})\n`,
    );
  }
  return found;
}

function tookS(): number {
  return Math.round((performance.now() - startedMs) / 1000);
}

function simulationOf(name: string): Simulation {
  if (name === 'in-sync-set' || name === 'engine') return name;
  throw new Error(`expected in-sync-set or engine, got ${name}`);
}

function whole(name: 'from' | 'count' | 'broken-max' | 'jobs'): number {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${name}: expected a whole number from 1 on, got ${values[name]}`);
  return value;
}
