/**
 * `npm run bench`: what acceptance and the whole journey cost, beside the floor (the same Redis commands without our
 * code) and a peer, measured in the same run; and the memory of each process. No test: it judges nothing.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measureAcceptance } from './benchmarks/acceptance.ts';
import { summarise } from './report/figures.ts';

const { values: given } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    profile: { type: 'string' },
  },
});
const quick = given.quick;
const series = await measureAcceptance({
  rounds: quick ? 5 : 7,
  settings: [
    { name: '1 in flight', inFlight: 1, count: quick ? 400 : 2000, warmUp: 200, brokerMs: 0 },
    { name: '64 in flight', inFlight: 64, count: quick ? 5000 : 20_000, warmUp: 2000, brokerMs: 0 },
  ],
  tell: (line) => process.stderr.write(`${line}\n`),
  profileFolder: given.profile,
});
const rows = summarise(series);
console.table(rows);
if (given.json !== undefined) writeFileSync(given.json, JSON.stringify(series));
