/** The suite itself, inside the namespaces that main.ts made. Ends by itself, on Ctrl-C, and when main.ts is gone. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { boundText, failuresOf } from '@holdfast/drill';
import { ip } from '../redis/hosts/network.ts';
import type { Place } from '../redis/launch.ts';
import { readArguments } from './arguments.ts';
import { page } from './page.ts';
import { type Results, runSuite } from './suite.ts';

const args = readArguments(process.argv.slice(2));
const place: Place = process.env['CHAOS_PLACE'] === 'namespaces' ? 'namespaces' : 'loopback';
const folder = process.env['CHAOS_FOLDER'];
if (folder === undefined) throw new Error('started by main.ts only: CHAOS_FOLDER is not set');

/** How long the run under way may take to end once nobody wants it any more. */
const STOP_WITHIN_MS = 5000;
let stopping = false;
const stop = (why: string): void => {
  if (stopping) return;
  stopping = true;
  console.log(why);
  setTimeout(() => process.exit(130), STOP_WITHIN_MS).unref();
};
process.stdin.on('end', () => stop('Stopping.'));
process.stdin.resume();
process.stdin.unref();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop(`Stopping: ${signal}.`));

if (place === 'namespaces') await ip('link', 'set', 'lo', 'up');
const results = await runSuite({ args, folder, place, stopping: () => stopping });
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
console.log(`${failures.length} failures${failures.map((one) => `\n  ${one}`).join('')}`);
process.exit(failures.length === 0 && (results.runs.length > 0 || args.runs === 0) ? 0 : 1);
