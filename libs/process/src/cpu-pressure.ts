/**
 * How short of processor time this machine is. A process that waits for a processor does not answer in time, and looks like a
 * lost one to whoever watches it: they must know.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';

/** Linux tells since 4.20 how long somebody had to wait for a processor ("Pressure stall information"). */
const PRESSURE_FILE = '/proc/pressure/cpu';
const SHARE = /^some avg10=(\d+(?:\.\d+)?) /m;

/**
 * The share of the last ten seconds in which some process waited for a processor, 0 to 1. Where the kernel does not tell, by
 * how much the load of the last minute exceeds the processors: 0 for a load of one each, 1 for two each. Never throws.
 */
export function cpuPressure(file = PRESSURE_FILE, loadPerProcessor = ownLoad): number {
  const share = SHARE.exec(textOf(file))?.[1];
  if (share !== undefined) return Math.min(Number(share) / 100, 1);
  return Math.min(Math.max(loadPerProcessor() - 1, 0), 1);
}

const ownLoad = (): number => (loadavg()[0] ?? 0) / availableParallelism();

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // An older kernel, or another system: the load tells.
    return '';
  }
}
