/**
 * Compiles the preloaded library (shim/shim.c) where a C compiler is at hand, and steers it: each process reads a
 * small file of its own, so a fault hits one process and can be taken back while it runs.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('../shim/shim.c', import.meta.url));

export type ShimControl = {
  /** What a process needs in its environment to be steered. */
  readonly env: Readonly<Record<string, string>>;
  readonly slowFsync: (ms: number) => void;
  readonly failFsync: () => void;
  /** Moves the wall clock of the process; the monotonic one stays. */
  readonly wallAhead: (ms: number) => void;
  readonly readOnlyFiles: () => void;
  readonly mend: () => void;
};

export type Shim = { readonly control: (name: string) => ShimControl };

/** In the order of shim.c: fsync delay in µs, fsync error, wall clock ahead in µs, write error. */
const FIELDS = { fsyncDelayUs: 0, fsyncError: 8, wallAheadUs: 16, writeError: 24 };
const BYTES = 4096;

/** The compiled library, or why there is none. */
export function compileShim(folder: string): Shim | string {
  const library = join(folder, 'shim.so');
  try {
    execFileSync('cc', ['-O2', '-shared', '-fPIC', '-o', library, SOURCE, '-ldl'], { stdio: 'pipe' });
  } catch (error) {
    return `no C compiler made ${SOURCE} into a library: ${error instanceof Error ? error.message : String(error)}`;
  }
  return {
    control: (name) => {
      const file = join(folder, `${name}.shim`);
      writeFileSync(file, Buffer.alloc(BYTES));
      const set = (field: keyof typeof FIELDS, value: number): void => {
        const bytes = Buffer.alloc(8);
        bytes.writeBigInt64LE(BigInt(value));
        const fd = openSync(file, 'r+');
        writeSync(fd, bytes, 0, 8, FIELDS[field]);
        closeSync(fd);
      };
      return {
        env: { LD_PRELOAD: library, HOLDFAST_SHIM: file },
        slowFsync: (ms) => set('fsyncDelayUs', ms * 1000),
        failFsync: () => set('fsyncError', constants.errno.EIO),
        wallAhead: (ms) => set('wallAheadUs', ms * 1000),
        readOnlyFiles: () => set('writeError', constants.errno.EROFS),
        mend: () => {
          for (const field of Object.keys(FIELDS) as (keyof typeof FIELDS)[]) set(field, 0);
        },
      };
    },
  };
}
