/**
 * Where log lines go: a file, or stdout. Never in the way of the process:
 * - A reader that stands still costs lines, not time: above the bound they are dropped and counted.
 * - A full disk or a reader that left is said once on stderr; the process goes on.
 * - At exit the rest is written at once, within a limit. pino's own destination waits there without end when the disk
 *   is full or the reader stands still, so that a process that should have ended would not.
 */
import { fstatSync, openSync, write, writeSync } from 'node:fs';

export type LogDestination = { readonly write: (line: string) => void };

export type LogDestinationOptions = {
  /** Appended to; stdout when absent. */
  readonly file?: string;
  /** Bytes that may wait. */
  readonly waitingBytesMax: number;
  /** Told how many lines were dropped, once there is room again. */
  readonly onDropped: (lines: number) => void;
};

/** Hands bytes on and says when the next may come. */
type Sink = (bytes: Buffer, done: (error?: Error | null) => void) => void;

const CHUNK_CHARACTERS = 32 * 1024;
const EXIT_LIMIT_MS = 300;

/** Opens the destination. Throws when the file cannot be opened. */
export function openLogDestination(options: LogDestinationOptions): LogDestination {
  const descriptor = options.file === undefined ? 1 : openSync(options.file, 'a', 0o600);
  const byFile = options.file !== undefined || fstatSync(descriptor).isFile();
  const sink = byFile ? fileSink(descriptor) : stdoutSink;
  const waiting: string[] = [];
  const told = new Set<string>();
  let waitingBytes = 0;
  let dropped = 0;
  let busy = false;

  const takeChunk = (): string => {
    let chunk = '';
    while (chunk.length < CHUNK_CHARACTERS) {
      const line = waiting.shift();
      if (line === undefined) break;
      chunk += line;
    }
    waitingBytes -= chunk.length;
    return chunk;
  };

  const next = (): void => {
    if (busy) return;
    if (waiting.length === 0) return tellDropped();
    busy = true;
    sink(Buffer.from(takeChunk()), (error) => {
      busy = false;
      if (error) tellError(error);
      next();
    });
  };

  const tellDropped = (): void => {
    if (dropped === 0) return;
    const lines = dropped;
    dropped = 0;
    options.onDropped(lines);
  };

  const tellError = (error: Error): void => {
    const reason = codeOf(error);
    if (told.has(reason)) return;
    told.add(reason);
    process.stderr.write(`the log cannot be written to ${options.file ?? 'stdout'}: ${error.message}\n`);
  };

  if (!byFile) process.stdout.on('error', tellError);
  process.on('exit', () => writeRest(descriptor, Buffer.from(waiting.splice(0).join(''))));
  return {
    write: (line) => {
      if (waitingBytes + line.length > options.waitingBytesMax) {
        dropped += 1;
        return;
      }
      waiting.push(line);
      waitingBytes += line.length;
      next();
    },
  };
}

/** Pipes and terminals by the stream of the runtime, which waits without holding a thread. */
const stdoutSink: Sink = (bytes, done) => void process.stdout.write(bytes, done);

function fileSink(descriptor: number): Sink {
  const sink: Sink = (bytes, done) =>
    write(descriptor, bytes, (error, written) => {
      if (error !== null || written >= bytes.length) done(error);
      else sink(bytes.subarray(written), done);
    });
  return sink;
}

/** The last words, when no loop turns any more. What a full pipe does not take within the limit is lost. */
function writeRest(descriptor: number, bytes: Buffer): void {
  const untilMs = performance.now() + EXIT_LIMIT_MS;
  let offset = 0;
  while (offset < bytes.length && performance.now() < untilMs) {
    try {
      offset += writeSync(descriptor, bytes, offset);
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
}
