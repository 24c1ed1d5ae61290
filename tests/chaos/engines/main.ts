/**
 * `npm run chaos:engines`: the whole product as real processes, load on several accounts, faults by a seed, and a
 * checker that shares no code with the product. This first process only makes the namespaces and waits; what runs
 * inside them is suite-main.ts.
 */
import { fileURLToPath } from 'node:url';
import { launch, whyNoNamespaces } from '../redis/launch.ts';
import { readArguments, WrongArguments } from './arguments.ts';

const SUITE = fileURLToPath(new URL('./suite-main.ts', import.meta.url));

try {
  const args = process.argv.slice(2);
  const { loopback } = readArguments(args);
  const why = loopback ? '--loopback was given' : whyNoNamespaces();
  if (why !== undefined) console.log(`On loopback, where no link can be cut: ${why}`);
  process.exitCode = await launch(why === undefined ? 'namespaces' : 'loopback', SUITE, args);
} catch (error) {
  console.error(error instanceof WrongArguments ? error.message : error);
  process.exitCode = error instanceof WrongArguments ? 2 : 1;
}
