/**
 * `npm run bench`: sets up what is missing on this machine (packages, Redis), then runs the benchmarks with the same
 * arguments. Plain JavaScript for Node 20, because it runs before anything is installed.
 */
import { ensureInstalled, ensureRedis } from './install.mjs';
import { runPinned } from './run-pinned.mjs';

try {
  await ensureInstalled('full');
  await ensureRedis();
  process.exitCode = await runPinned('tools/bench/src/main.ts', process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
