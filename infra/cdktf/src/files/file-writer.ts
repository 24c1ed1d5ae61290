/**
 * How an image that is not ours gets its files: their texts travel in the container's environment, and a few words of shell
 * write them to memory before the program begins. Docker's own way to copy files into a container refuses one whose root is
 * read-only, and a mount would be a file of the machine that somebody happened to deploy from.
 */
import { dirname } from 'node:path';

export type File = { readonly path: string; readonly text: string };

/** The kernel takes no longer text in one variable of a process's environment (128 KiB, with its name and its end). */
const TEXT_BYTES_MAX = 128 * 1024 - 64;

/** What the container needs: its entry point, which ends in the command, and its environment. */
export function fileWriter(
  files: readonly File[],
  before: readonly string[] = [],
): { readonly entrypoint: readonly string[]; readonly env: Readonly<Record<string, string>> } {
  const named = files.map((file, index) => ({ ...file, variable: `HOLDFAST_FILE_${index + 1}` }));
  for (const { path, text } of named) {
    const bytes = Buffer.byteLength(text);
    if (bytes > TEXT_BYTES_MAX)
      throw new Error(`${path}: ${bytes} bytes, expected at most ${TEXT_BYTES_MAX}`);
  }
  const folders = new Set(files.map(({ path }) => dirname(path)));
  const script = [
    'set -eu',
    ...[...folders].map((folder) => `mkdir -p '${folder}'`),
    ...named.map(({ path, variable }) => `printf '%s' "$${variable}" > '${path}'`),
    `unset ${named.map(({ variable }) => variable).join(' ')}`,
    ...before,
    'exec "$@"',
  ].join('\n');
  return {
    entrypoint: ['/bin/sh', '-c', script, 'sh'],
    env: Object.fromEntries(named.map(({ variable, text }) => [variable, text])),
  };
}
