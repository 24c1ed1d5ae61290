/** The log: one JSON object a line, by pino. Lines that concern a signal carry `signalId`. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { pino } from 'pino';
import { openLogDestination } from './log-destination.ts';

export type Log = Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error' | 'child'>;

export type LogOptions = {
  /** Name of the process, on every line. */
  readonly name: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** Appended to instead of stdout; its folder is made. */
  readonly file?: string;
};

/** Lines that may wait for a slow reader; what comes above is dropped and counted. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024;

const SECRET_FIELDS = ['authorization', 'token', 'secret', 'proof', 'key', 'password'];
/** Secrets are hidden down to this many levels below the line's own fields (headers, errors and their causes). */
const SECRET_DEPTH = 3;

/** Opens the log. Fields named like a secret are hidden. Throws when the file cannot be opened. */
export function createLog(options: LogOptions): Log {
  if (options.file !== undefined) mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 });
  const destination = openLogDestination({
    ...(options.file === undefined ? {} : { file: options.file }),
    waitingBytesMax: WAITING_BYTES_MAX,
    onDropped: (lines) => log.warn({ lines }, 'log lines were dropped: nobody read them'),
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
  return log;
}

function secretPaths(): string[] {
  const paths: string[] = [];
  for (let depth = 0; depth <= SECRET_DEPTH; depth += 1) {
    for (const field of SECRET_FIELDS) paths.push(`${'*.'.repeat(depth)}${field}`);
  }
  return paths;
}
