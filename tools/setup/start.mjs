/**
 * `npm start`: sets up what is missing on this machine (packages, Redis), then runs the whole system here:
 * `holdfast up` with the same arguments. Plain JavaScript for Node 20, because it runs before anything is installed.
 */
import { ensureInstalled, ensureRedis } from './install.mjs';
import { runPinned } from './run-pinned.mjs';

try {
  await ensureInstalled('run');
  await ensureRedis();
  process.exitCode = await runPinned('tools/holdfast/src/main.ts', ['up', ...process.argv.slice(2)]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
