/**
 * `npm run chaos:engines`: the whole product as real processes, load on several accounts, faults by a seed, and a
 * checker that shares no code with the product. This first process only makes the namespaces and waits; what runs
 * inside them is suite-main.ts.
 */
import { startSuite } from '../launch/start-suite.ts';
import { readArguments } from './arguments.ts';

await startSuite(new URL('./suite-main.ts', import.meta.url), readArguments);
