/**
 * What others on the same host took of this machine: a virtual machine is not told when it stands still, but counts how long its
 * processes were ready to run and had no processor (`steal`, proc(5)). What takes a second then may take several.
 */
import { readFileSync } from 'node:fs';

/** Ticks since the start of the machine: those that it used, and those that it wanted and did not get. */
export type Ticks = { readonly used: number; readonly stolen: number };

/** Of all processors, from `/proc/stat`. Nothing is stolen where there is no such file. */
export function readTicks(path = '/proc/stat'): Ticks {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { used: 0, stolen: 0 };
    throw error;
  }
  const [, ...columns] = (text.split('\n', 1)[0] ?? '').split(/ +/);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, stolen = 0] = columns.map(Number);
  return { used: user + nice + system + irq + softirq, stolen };
}

/** The share of what was wanted between two readings that others took; from 0 to 1. */
export function stolenShare(from: Ticks, to: Ticks): number {
  const stolen = to.stolen - from.stolen;
  const wanted = to.used - from.used + stolen;
  return wanted > 0 ? stolen / wanted : 0;
}
