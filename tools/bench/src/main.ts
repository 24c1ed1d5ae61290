/**
 * `npm run bench`: what acceptance and the whole journey cost, beside the floor (the same Redis commands without our
 * code) and a peer, measured in the same run; and the memory of each process. No test: it judges nothing.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measureAcceptance } from './benchmarks/acceptance.ts';
import { measureJourney } from './benchmarks/journey.ts';
import { summarise } from './report/figures.ts';

const { values: given } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    profile: { type: 'string' },
    only: { type: 'string' },
    rounds: { type: 'string' },
  },
});
const quick = given.quick;
const tell = (line: string) => process.stderr.write(`${line}\n`);
if (given.only !== 'journey') {
  const series = await measureAcceptance({
    rounds: Number(given.rounds ?? (quick ? 5 : 7)),
    settings: [
      { name: '1 in flight', inFlight: 1, count: quick ? 400 : 2000, warmUp: 200, brokerMs: 0 },
      { name: '64 in flight', inFlight: 64, count: quick ? 5000 : 20_000, warmUp: 2000, brokerMs: 0 },
    ],
    tell,
    profileFolder: given.profile,
  });
  console.table(summarise(series));
  if (given.json !== undefined) writeFileSync(given.json, JSON.stringify(series));
}
if (given.only !== 'acceptance') {
  const series = await measureJourney({
    rounds: Number(given.rounds ?? (quick ? 5 : 7)),
    settings: [
      { name: '1 in flight', inFlight: 1, count: quick ? 200 : 1000, warmUp: 50, brokerMs: 0 },
      { name: '64 in flight', inFlight: 64, count: quick ? 1500 : 10_000, warmUp: 200, brokerMs: 0 },
      { name: '1 in flight, broker 50 ms', inFlight: 1, count: quick ? 10 : 50, warmUp: 2, brokerMs: 50 },
      {
        name: '64 in flight, broker 50 ms',
        inFlight: 64,
        count: quick ? 640 : 2560,
        warmUp: 64,
        brokerMs: 50,
      },
    ],
    tell,
    profileFolder: given.profile,
  });
  console.table(summarise(series));
}
