/** `node tools/setup/run.mjs SCRIPT args…`: runs a TypeScript source of this checkout under the pinned runtime. */
import { runPinned } from './run-pinned.mjs';

const [script, ...args] = process.argv.slice(2);
if (script === undefined) {
  console.error('expected the path of a script, such as tools/holdfast/src/main.ts');
  process.exitCode = 2;
} else {
  try {
    process.exitCode = await runPinned(script, args);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
