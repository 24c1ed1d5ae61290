/**
 * The API key: one line in the file that the configuration names. Whoever starts first makes it, by an exclusive
 * create with mode 0600, so that two backends that start together agree on one.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Makes the key file if there is none; says whether it did. Throws the system's error when it cannot be written. */
export function ensureKeyFile(file: string): boolean {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
