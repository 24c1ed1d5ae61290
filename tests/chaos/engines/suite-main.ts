/** The suite itself, inside the namespaces that main.ts made. Ends by itself, on Ctrl-C, and when main.ts is gone. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { boundText, failuresOf } from '@holdfast/drill';
import { ip } from '../redis/hosts/network.ts';
import { endWith, inside } from '../launch/inside.ts';
import { readArguments } from './arguments.ts';
import { page } from './page.ts';
import { type Results, runSuite } from './suite.ts';

const args = readArguments(process.argv.slice(2));
const { place, folder, stopping } = inside();

if (place === 'namespaces') await ip('link', 'set', 'lo', 'up');
const results = await runSuite({ args, folder, place, stopping });
const file = join(args.out, 'results.json');
writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
const earlier = args.add.map((path) => JSON.parse(readFileSync(path, 'utf8')) as Results);
const parts = [...earlier, results].filter(({ runs }) => runs.length > 0);
if (args.report !== undefined) writeFileSync(args.report, page(parts));
console.log(`${boundText(results.runs)}; results: ${file}, a line a run in ${join(args.out, 'runs.jsonl')}`);
const failures = [
  ...results.broken,
  ...results.runs.flatMap((run) => failuresOf(run).map((what) => `run ${run.run} ${run.fault}: ${what}`)),
];
endWith(failures, results.runs.length > 0 || args.runs === 0);
