/**
 * As where the clock of a former primary was ahead: ids of entries never go back, so each node gives the next one that follows the
 * last, and two primaries that took different signals give them the same.
 */
import { accountKeys } from '@holdfast/redis';
import { ACCOUNT, type System } from './system.ts';

const AHEAD_MS = 3_600_000;

/** To be called while all nodes hold the same. */
export function letEntriesBeAhead({ redis, process }: System): void {
  const { rtss } = accountKeys(ACCOUNT);
  const clocks = redis.names.map((name) => process(name).host.wallMs());
  for (const name of redis.names) {
    const { keys } = redis.state(name).disk.data;
    const stream = keys.get(rtss);
    const last: [number, number] = [Math.max(...clocks) + AHEAD_MS, 0];
    if (stream?.is === 'stream') stream.last = last;
    else keys.set(rtss, { is: 'stream', entries: [], last, added: 0 });
  }
}
