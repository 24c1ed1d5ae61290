/**
 * Secrets come from files that only their owner may read: in `$CREDENTIALS_DIRECTORY` (systemd's LoadCredential) by
 * their last name, else where the configuration says. Their content appears in no message.
 */
import { existsSync, type Stats } from 'node:fs';
import { basename, join } from 'node:path';
import { ConfigurationError } from './configuration-error.ts';
import { readTextFile, UnreadableFile } from './read-file.ts';

const SECRET_BYTES_MAX = 4096;
/** Read, write or execute for anyone but the owner. */
const OTHERS = 0o077;
/** systemd grants the service's user by an ACL, which shows as readable by the group; its folder is closed to others. */
const OTHERS_OF_CREDENTIAL = 0o037;

/** Reads the secret that `field` of `configurationFile` names. Throws ConfigurationError with field and path. */
export function readSecret(
  configurationFile: string,
  field: string,
  file: string,
  credentialsFolder: string | undefined,
): string {
  const credential = credentialsFolder ? join(credentialsFolder, basename(file)) : undefined;
  const isCredential = credential !== undefined && existsSync(credential);
  const path = isCredential ? credential : file;
  const refuse = (message: string, cause?: unknown): never => {
    const looked = credential !== undefined && !isCredential ? ` (nor is there ${credential})` : '';
    throw new ConfigurationError(
      configurationFile,
      [{ path: field, message: `the secret file ${path} ${message}${looked}` }],
      { cause },
    );
  };
  const closed = (stats: Stats): void => {
    if ((stats.mode & (isCredential ? OTHERS_OF_CREDENTIAL : OTHERS)) === 0) return;
    const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
    throw new UnreadableFile(
      'EMODE',
      `has mode ${mode}, expected 0600: nobody but its owner may have access`,
    );
  };
  let text: string;
  try {
    text = readTextFile(path, SECRET_BYTES_MAX, closed).trim();
  } catch (error) {
    if (error instanceof UnreadableFile) return refuse(error.message, error);
    throw error;
  }
  if (text === '') return refuse('is empty, expected one line of text');
  if (/\p{Cc}/u.test(text))
    return refuse('has control characters or several lines, expected one line of text');
  return text;
}
