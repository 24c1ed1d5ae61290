/**
 * A disk of its own for each Redis and each Sentinel: a small ext4 image on a loop device, so that fsync is a real one
 * and the disk can be filled, made read-only or frozen under a running process. Where no loop device can be had it is
 * a tmpfs, which can only be filled; on loopback a plain folder, which can do none of it.
 */
import { execFile } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { pause } from '@holdfast/drill';

const run = promisify(execFile);

const UNMOUNT_TRIES = 50;

export type DiskKind = 'image' | 'tmpfs' | 'folder';

export type Disk = {
  readonly kind: DiskKind;
  readonly folder: string;
  /** Takes all space that is left. */
  readonly fill: () => Promise<void>;
  /** As after an error of the device: files that are open cannot be written any more. */
  readonly makeReadOnly: () => Promise<void>;
  /** Every write stands still until `thaw`. */
  readonly freeze: () => Promise<void>;
  readonly thaw: () => Promise<void>;
  /** Removes what filled it, thaws it, and mounts it again when it is read-only; nobody may have files open then. */
  readonly mend: () => Promise<void>;
  readonly isReadOnly: () => boolean;
  /** Removes everything in it. */
  readonly wipe: () => void;
  /** Unmounts it. */
  readonly remove: () => Promise<void>;
};

const FILLER = 'filler';

/** Makes the disk at `folder`, of the best kind that can be had. */
export async function createDisk(folder: string, megabytes: number, plain: boolean): Promise<Disk> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const image = `${folder}.img`;
  const kind = plain ? 'folder' : await mounted(folder, image, megabytes);
  let frozen = false;
  let readOnly = false;

  const thaw = async (): Promise<void> => {
    if (!frozen) return;
    await run('fsfreeze', ['-u', folder]);
    frozen = false;
  };
  return {
    kind,
    folder,
    fill: async () => {
      const { bavail, bsize } = statfsSync(folder);
      const file = join(folder, FILLER);
      await run('fallocate', ['-l', String(Math.max(1, bavail * bsize)), file]).catch(() => undefined);
      // What fallocate left over because it asked for blocks of its own.
      await run('dd', ['if=/dev/zero', `of=${file}-rest`, 'bs=4k', 'status=none']).catch(() => undefined);
    },
    makeReadOnly: async () => {
      if (kind !== 'image') throw new Error(`a ${kind} cannot be made read-only under a running process`);
      const { stdout } = await run('findmnt', ['-n', '-o', 'SOURCE', folder]);
      writeFileSync(`/sys/fs/ext4/${basename(realpathSync(stdout.trim()))}/trigger_fs_error`, 'chaos');
      readOnly = true;
    },
    freeze: async () => {
      if (kind !== 'image') throw new Error(`a ${kind} cannot be frozen`);
      await run('fsfreeze', ['-f', folder]);
      frozen = true;
    },
    thaw,
    mend: async () => {
      await thaw();
      if (readOnly) {
        await run('umount', [folder]);
        // It mends what the error flag says; 1 means: mended.
        await run('e2fsck', ['-fp', image]).catch(() => undefined);
        await run('mount', mountArgs(folder, image));
        readOnly = false;
      }
      for (const name of [FILLER, `${FILLER}-rest`]) rmSync(join(folder, name), { force: true });
    },
    isReadOnly: () => readOnly,
    wipe: () => {
      for (const name of readdirSync(folder)) {
        if (name !== 'lost+found') rmSync(join(folder, name), { recursive: true, force: true });
      }
    },
    remove: async () => {
      if (kind !== 'folder') await unmounted(folder);
    },
  };
}

/** What a node that was killed has left (a child that saves) may be a moment longer there. */
async function unmounted(folder: string): Promise<void> {
  for (let tries = UNMOUNT_TRIES; ; tries -= 1) {
    try {
      await run('umount', [folder]);
      return;
    } catch (error) {
      if (tries === 0) throw error;
      await pause(100);
    }
  }
}

const mountArgs = (folder: string, image: string): string[] => [
  '-o',
  'loop,noatime,errors=remount-ro',
  image,
  folder,
];

async function mounted(folder: string, image: string, megabytes: number): Promise<DiskKind> {
  try {
    writeFileSync(image, '');
    truncateSync(image, megabytes * 1024 * 1024);
    // Without a journal an fsync costs nearly what it costs on the disk below.
    await run('mkfs.ext4', ['-q', '-O', '^has_journal', image]);
    await run('mount', mountArgs(folder, image));
    return 'image';
  } catch {
    rmSync(image, { force: true });
    await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'none', folder]);
    return 'tmpfs';
  }
}
