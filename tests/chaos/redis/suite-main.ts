/** The suite itself, inside the namespaces that main.ts made. Ends by itself, on Ctrl-C, and when main.ts is gone. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endWith, inside } from '../launch/inside.ts';
import { readArguments } from './arguments.ts';
import { createNetwork } from './hosts/network.ts';
import { compileShim } from './hosts/shim.ts';
import { passedByFar } from './report/limits.ts';
import { page } from './report/page.ts';
import { aimRows, reachedText } from './report/aims.ts';
import { failuresOf, joined, type Results } from './report/results.ts';
import { summary } from './report/summary.ts';
import { soak, type Soaked } from './soak.ts';
import { createStory } from './story.ts';
import { createStock } from './stock/stock.ts';
import { runSuite } from './suite.ts';

const args = readArguments(process.argv.slice(2));
const { place, folder, stopping } = inside();

const story = createStory();
const network = await createNetwork(place);
const base = { folder, network, shim: compileShim(folder), story };
mkdirSync(args.out, { recursive: true });

if (args.soakMinutes !== undefined) {
  const soaked = await soak(base, args, args.soakMinutes, stopping);
  console.log(soaked.text);
  writeFileSync(join(args.out, 'soak.json'), `${JSON.stringify(soaked, null, 2)}\n`);
  process.exit(soaked.faults.length === 0 ? 0 : 1);
}

const stock = args.stockEvery === 0 ? undefined : createStock(folder, network, story);
const results = await runSuite({ base, args, stock, stopping });
const file = join(args.out, 'results.json');
writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
console.log(`\n${summary(results)}\nresults: ${file}`);
const earlier = args.add.map((path) => JSON.parse(readFileSync(path, 'utf8')) as Results | Soaked);
const { parts, soaked } = joined([...earlier, results]);
for (const row of aimRows(parts, soaked))
  console.log(`aim  ${row.what}: ${row.aim}: ${row.measured}: ${reachedText(row)}`);
if (args.report !== undefined) writeFileSync(args.report, page(parts, soaked));
const failures = failuresOf(results, passedByFar);
endWith(failures, results.runs.length > 0 || args.runs === 0);
