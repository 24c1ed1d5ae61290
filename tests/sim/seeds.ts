/**
 * Many seeds of a simulation by hand, without a test runner around them:
 *
 *   node tests/sim/seeds.ts in-sync-set --from 1 --count 20000
 *   node tests/sim/seeds.ts engine --count 500 --faults 'engine crash,drop reply'
 *
 *   node tests/sim/seeds.ts engine --count 100000 --jobs 2      in two processes, each with a part of the range
 *
 * Prints each broken seed as soon as it is known, the first one's story, and a line of counts every 500; ends with 1 where any
 * was broken.
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { type BrokenSeed, runSeries, type Simulation } from './series.ts';

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
  },
});
const simulation = simulationOf(positionals[0] ?? 'in-sync-set');
const from = whole('from');
const count = whole('count');
const faults = values.faults.split(',').filter((name) => name !== '');
const brokenMax = whole('broken-max');

const jobs = Math.min(whole('jobs'), count);
const startedMs = performance.now();
const passed = jobs > 1 ? await inProcesses() : await here();
if (!passed) process.exitCode = 1;
if (jobs > 1)
  process.stdout.write(`${simulation}: ${count} seeds from ${from} in ${jobs} processes, ${tookS()} s\n`);

/** Each process has its own part of the range, and says for itself what it found. */
async function inProcesses(): Promise<boolean> {
  const part = Math.ceil(count / jobs);
  const starts = Array.from({ length: Math.ceil(count / part) }, (_, index) => index * part);
  const codes = await Promise.all(
    starts.map((start) => {
      const args = [
        '--from',
        from + start,
        '--count',
        Math.min(part, count - start),
        '--broken-max',
        brokenMax,
      ];
      const all = [...args.map(String), '--faults', values.faults];
      const child = spawn(process.execPath, [import.meta.filename, simulation, ...all], { stdio: 'inherit' });
      return new Promise<number | null>((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', resolve);
      });
    }),
  );
  return codes.every((code) => code === 0);
}

async function here(): Promise<boolean> {
  const broken: BrokenSeed[] = [];
  let ran = 0;
  let worth = 0;
  while (ran < count && broken.length < brokenMax) {
    const piece = Math.min(PIECE, count - ran);
    const left = brokenMax - broken.length;
    const series = await runSeries(simulation, { from: from + ran, count: piece, faults, brokenMax: left });
    for (const { seed, why, story } of series.broken) {
      process.stdout.write(`SEED=${seed} ${why}\n`);
      if (broken.length === 0) process.stdout.write(`${story.join('\n')}\n`);
      broken.push({ seed, why, story });
    }
    ran += series.ran;
    worth += series.worth;
    process.stdout.write(
      `${simulation}: ${ran} seeds from ${from}, ${broken.length} broken, ${tookS()} s (the last ${series.ran}: ${series.said})\n`,
    );
  }
  return broken.length === 0 && worth > 0;
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
