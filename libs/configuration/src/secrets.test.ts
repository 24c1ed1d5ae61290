/** Secret files: where they are looked for, and why one is refused. No message may hold what is in them. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigurationError } from './configuration-error.ts';
import { readSecret } from './secrets.ts';

const FIELD = 'api.keyFile';
const CONFIGURATION = '/etc/holdfast.yaml';
let folder: string;
let credentials: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-secrets-'));
  credentials = join(folder, 'credentials');
  mkdirSync(credentials);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function secretFile(path: string, content: string | Buffer, mode = 0o600): string {
  const file = join(folder, path);
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

const read = (file: string, from?: string): string => readSecret(CONFIGURATION, FIELD, file, from);

test('the content comes without the blanks around it', () => {
  expect(read(secretFile('key', '  s3cret value\r\n'))).toBe('s3cret value');
  expect(read(secretFile('read-only', 's3cret', 0o400))).toBe('s3cret');
});

describe('with a credentials folder', () => {
  test('the file of that name there comes first', () => {
    const file = secretFile('key', 'from the folder');
    secretFile('credentials/key', 'from the credentials', 0o440);
    expect(read(file, credentials)).toBe('from the credentials');
  });

  test('what is not there is taken from where the configuration says', () => {
    expect(read(secretFile('key', 'from the folder'), credentials)).toBe('from the folder');
  });

  test('a file that is nowhere is named with both places', () => {
    const file = join(folder, 'key');
    expect(() => read(file, credentials)).toThrow(
      `${FIELD}: the secret file ${file} does not exist (nor is there ${join(credentials, 'key')})`,
    );
  });

  test('a credential that others may read is refused', () => {
    const file = secretFile('key', 'hunter2');
    secretFile('credentials/key', 'hunter2', 0o444);
    expect(() => read(file, credentials)).toThrow('has mode 0444');
  });

  test('an empty credential is refused, not replaced by the other file', () => {
    const file = secretFile('key', 'hunter2');
    secretFile('credentials/key', '', 0o400);
    expect(() => read(file, credentials)).toThrow(`${join(credentials, 'key')} is empty`);
  });
});

const REFUSED: readonly (readonly [string, string | Buffer, number, string])[] = [
  ['readable by the group', 'hunter2', 0o640, 'has mode 0640, expected 0600'],
  ['readable by all', 'hunter2', 0o604, 'has mode 0604, expected 0600'],
  ['writable by the group', 'hunter2', 0o620, 'has mode 0620, expected 0600'],
  ['empty', '', 0o600, 'is empty, expected one line of text'],
  ['nothing but blanks', ' \n\n', 0o600, 'is empty, expected one line of text'],
  ['several lines', 'hunter2\nhunter3', 0o600, 'has control characters or several lines'],
  ['control characters', 'hunter2\0', 0o600, 'has control characters or several lines'],
  ['not text', Buffer.from([0xff, 0xfe, 0x68]), 0o600, 'is not UTF-8 text'],
  ['too large', 'hunter2'.repeat(1000), 0o600, 'is larger than 4096 bytes'],
];

test.each(REFUSED)('refused: %s', (_, content, mode, message) => {
  const file = secretFile('key', content, mode);
  const failure = failureOf(() => read(file));
  expect(failure).toBeInstanceOf(ConfigurationError);
  expect(failure.message).toContain(`${FIELD}: the secret file ${file} ${message}`);
  expect(failure.message).not.toContain('hunter');
});

test('a missing file and a folder are refused with field and path', () => {
  expect(() => read(join(folder, 'none'))).toThrow(
    `${FIELD}: the secret file ${join(folder, 'none')} does not exist`,
  );
  expect(() => read(credentials)).toThrow(`${FIELD}: the secret file ${credentials} is a folder`);
});

function failureOf(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('expected a failure');
}
