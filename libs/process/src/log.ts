/**
 * The log: one JSON object a line, by pino. Lines that concern a signal carry `signalId`.
 *
 * Writing never blocks the loop: a reader of the log that stands still must not stop trading. What then does not fit
 * into the buffer is dropped, and a line says how many. What is buffered goes out when the process exits.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { pino } from 'pino';

export type Log = Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error' | 'child'>;

export type LogOptions = {
  /** Name of the process, on every line. */
  readonly name: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** Appended to instead of stdout; its folder is made. */
  readonly file?: string;
};

/** Lines that wait for a slow reader, in bytes; what comes above is dropped and counted. */
const BUFFER_BYTES_MAX = 4 * 1024 * 1024;

const SECRET_FIELDS = ['authorization', 'token', 'secret', 'proof', 'key', 'password'];
/** Secrets are hidden down to this many levels below the line's own fields (headers, errors and their causes). */
const SECRET_DEPTH = 3;

/** Opens the log. Fields named like a secret are hidden. Throws when the file cannot be opened. */
export function createLog(options: LogOptions): Log {
  if (options.file !== undefined) mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 });
  const destination = pino.destination({
    dest: options.file ?? 1,
    sync: false,
    mode: 0o600,
    maxLength: BUFFER_BYTES_MAX,
  });
  const log = pino(
    {
      name: options.name,
      level: options.level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretPaths(), censor: '[hidden]' },
    },
    destination,
  );
  let dropped = 0;
  destination.on('drop', () => {
    dropped += 1;
  });
  destination.on('drain', () => {
    if (dropped === 0) return;
    const lines = dropped;
    dropped = 0;
    log.warn({ lines }, 'log lines were dropped: the reader of the log was too slow');
  });
  const told = new Set<string>();
  destination.on('error', (error: NodeJS.ErrnoException) => {
    // A full disk must not stop trading; said once a reason, where it can still be said.
    const reason = error.code ?? error.message;
    if (told.has(reason)) return;
    told.add(reason);
    process.stderr.write(`${options.name}: the log cannot be written: ${error.message}\n`);
  });
  return log;
}

function secretPaths(): string[] {
  const paths: string[] = [];
  for (let depth = 0; depth <= SECRET_DEPTH; depth += 1) {
    for (const field of SECRET_FIELDS) paths.push(`${'*.'.repeat(depth)}${field}`);
  }
  return paths;
}
