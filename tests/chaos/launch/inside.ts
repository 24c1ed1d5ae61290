/**
 * A suite inside the namespaces that launch.ts made: where it is, and whether anybody still wants it. It ends by itself, on
 * Ctrl-C, and when the process that launched it is gone.
 */
import type { Place } from './launch.ts';

export type Inside = { readonly place: Place; readonly folder: string; readonly stopping: () => boolean };

/** How long the run under way may take to end once nobody wants it any more. */
const STOP_WITHIN_MS = 5000;

/** Once a process. Throws when this one was not started by launch.ts. */
export function inside(): Inside {
  const place: Place = process.env['CHAOS_PLACE'] === 'namespaces' ? 'namespaces' : 'loopback';
  const folder = process.env['CHAOS_FOLDER'];
  if (folder === undefined) throw new Error('started by main.ts only: CHAOS_FOLDER is not set');
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
  return { place, folder, stopping: () => stopping };
}

/** Ends the process: 0 where something ran and nothing failed. */
export function endWith(failures: readonly string[], ranEnough: boolean): never {
  console.log(`${failures.length} failures${failures.map((one) => `\n  ${one}`).join('')}`);
  process.exit(failures.length === 0 && ranEnough ? 0 : 1);
}
