/**
 * Node's compile cache (NODE_COMPILE_CACHE), for processes that are killed: Node writes it when a process ends in order,
 * and what is started again after a crash is in a hurry. Without the variable there is none, and this does nothing.
 */
import { flushCompileCache } from 'node:module';

/** Everything that a start needs is compiled by then; the rest is not worth a pause of a process that works. */
const STARTED_AFTER_MS = 2000;

/** Writes what was compiled until the process had started, once. Does not keep the process alive. */
export function keepCompiled(): void {
  setTimeout(flushCompileCache, STARTED_AFTER_MS).unref();
}
