/**
 * `npm test`: sets up what is missing, runs every suite that needs no privileges and no container engine, and ends
 * with one line of counts. `npm run test:all` (`--all`) adds the long suites and those of containers, `npm run
 * test:infra` (`--infra`) runs the last alone. Plain JavaScript for Node 20, because it runs before anything is installed.
 */
import { closingLine, countMissing, exitCodeOf, total } from './count.mjs';
import { ensureInstalled, ensureRedis } from './install.mjs';
import { ensureContainers } from './containers.mjs';
import { missingTools } from './machine.mjs';
import { ensureRedis8 } from './redis8.mjs';
import { endAll, runSuite } from './run-suite.mjs';
import { suites } from './suites.mjs';

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  process.once(signal, () => {
    endAll();
    process.exit(code);
  });
}

async function main() {
  const words = process.argv.slice(2);
  const unknown = words.find((word) => word !== '--all' && word !== '--infra');
  if (unknown !== undefined)
    throw new Error(`unknown argument ${unknown}: expected --all, --infra or nothing`);
  await ensureInstalled('full');
  const all = words.includes('--all');
  const infra = !all && words.includes('--infra');
  const missing = await missingTools({
    ...(infra ? {} : { 'redis-server': ensureRedis }),
    ...(all ? { 'redis-8': ensureRedis8 } : {}),
    ...(all || infra ? { containers: ensureContainers } : {}),
  });
  const results = await runInTurn(suites(all ? 'all' : infra ? 'infra' : 'quick'), missing);
  tell(results, missing);
}

async function runInTurn(list, missing) {
  const one = async (suite) => {
    const result = await runOrSkip(suite, missing);
    tellOne(suite, result);
    return { suite, ...result };
  };
  const together = await Promise.all(list.filter((suite) => suite.together).map(one));
  const results = [...together];
  for (const suite of list.filter((other) => !other.together)) results.push(await one(suite));
  return results;
}

async function runOrSkip(suite, missing) {
  const lacks = (suite.needs ?? []).filter((tool) => missing.has(tool));
  if (lacks.length > 0) {
    const reason = lacks.map((tool) => `${tool}: ${missing.get(tool)}`).join('; ');
    return { counts: countMissing(`not run, because ${reason}`), output: '', tookMs: 0 };
  }
  const left = Object.entries(suite.without ?? {}).filter(([tool]) => missing.has(tool));
  const result = await runSuite({ ...suite, excluded: left.map(([, path]) => path) });
  const why = left.map(([tool, path]) => `${path} not run, because there is no ${tool}`);
  const { counts } = result;
  return {
    ...result,
    counts: { ...counts, skipped: counts.skipped + left.length, why: [...counts.why, ...why] },
  };
}

function tellOne(suite, { counts, output, tookMs }) {
  if (counts.failed > 0 || suite.shown)
    console.log(`\n── ${suite.name} ${'─'.repeat(60)}\n${output.trim()}\n`);
  console.log(row(suite.name, counts, tookMs));
}

function row(name, counts, tookMs) {
  const state = counts.failed > 0 ? 'FAILED' : counts.passed > 0 ? 'ok' : 'not run';
  return `${name.padEnd(18)} ${state.padEnd(8)} ${closingLine(counts).padEnd(36)} ${(tookMs / 1000).toFixed(1)} s`;
}

function tell(results, missing) {
  console.log('\nsuites');
  for (const { suite, counts, tookMs } of results) console.log(`  ${row(suite.name, counts, tookMs)}`);
  const notes = results.flatMap(({ suite, counts }) => counts.why.map((why) => `${suite.name}: ${why}`));
  const absent = [...missing].map(([tool, why]) => `${tool} is missing: ${why}`);
  if (notes.length + absent.length > 0) console.log('\nwhat could not run, or ended outside of a test');
  for (const note of [...absent, ...notes]) console.log(`  ${note}`);
  const sum = total(results);
  console.log(`\n${closingLine(sum)}`);
  process.exitCode = exitCodeOf(sum);
}

main().catch((error) => {
  endAll();
  console.error(error instanceof Error ? error.message : error);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
});
