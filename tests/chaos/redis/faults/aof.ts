/** Damage to the append-only file of a node that does not run: its tail cut off, or bits in it turned. */
import { closeSync, openSync, readdirSync, readSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Member } from '../hosts/cluster.ts';
import type { Random } from '@holdfast/drill';
import type { Story } from '../story.ts';

/** The file that the node appended to last; undefined when there is none. */
function lastAof(member: Member): string | undefined {
  const folder = join(member.disk?.folder ?? '', 'appendonlydir');
  const numberOf = (name: string): number => Number(/\.(\d+)\.incr\.aof$/.exec(name)?.[1] ?? -1);
  const [last] = readdirSync(folder)
    .filter((name) => name.endsWith('.incr.aof'))
    .toSorted((a, b) => numberOf(b) - numberOf(a));
  return last === undefined ? undefined : join(folder, last);
}

/** Cuts so many bytes off the end, as an older copy of the disk would lack them. */
export function cutAofTail(member: Member, bytes: number, story: Story): void {
  const file = lastAof(member);
  if (file === undefined) throw new Error(`${member.name} has no append-only file`);
  const { size } = statSync(file);
  truncateSync(file, Math.max(0, size - bytes));
  story.event('tests', `cut ${Math.min(bytes, size)} of ${size} bytes off ${member.name}'s append-only file`);
}

/** Turns bits of some bytes in the middle. */
export function damageAof(member: Member, random: Random, story: Story): void {
  const file = lastAof(member);
  if (file === undefined) throw new Error(`${member.name} has no append-only file`);
  const { size } = statSync(file);
  const fd = openSync(file, 'r+');
  try {
    const byte = Buffer.alloc(1);
    for (let i = 0; i < 32; i += 1) {
      const at = random.whole(Math.floor(size * 0.2), Math.floor(size * 0.8));
      readSync(fd, byte, 0, 1, at);
      byte[0] = (byte[0] ?? 0) ^ 0xff;
      writeSync(fd, byte, 0, 1, at);
    }
  } finally {
    closeSync(fd);
  }
  story.event('tests', `turned 32 bytes in ${member.name}'s append-only file of ${size}`);
}
