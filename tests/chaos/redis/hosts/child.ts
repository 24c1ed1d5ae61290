/**
 * One process of a host: started on its machine, every line that it prints kept with the time at which it came, ended
 * by its pid. It tells whether it ended by our hand or by its own.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { monotonicMs, within } from '@holdfast/drill';
import type { Story } from '../story.ts';

export type ChildOptions = {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Group that firewall rules know its packets by. */
  readonly gid?: number;
  readonly story: Story;
  /** Called with each line that it prints. */
  readonly onLine?: (line: string) => void;
  /** With a channel for messages to a Node process. */
  readonly onMessage?: (message: unknown) => void;
};

export type Child = {
  readonly name: string;
  readonly pid: number;
  readonly alive: () => boolean;
  readonly frozen: () => boolean;
  readonly freeze: () => void;
  readonly resume: () => void;
  /** kill -9; resolves when it is gone. */
  readonly kill: () => Promise<void>;
  /** Sends a signal without waiting. */
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Resolves when it has ended, with its exit code; undefined after the limit. */
  readonly ended: (limitMs: number) => Promise<{ readonly code: number | null } | undefined>;
  /** The last lines that it printed. */
  readonly tail: () => readonly string[];
  readonly send: (message: object) => void;
  /** Its state and the processor time that it has had, as the kernel tells: starved, or waiting for something? */
  readonly condition: () => string;
};

const TAIL_LINES = 40;

/** All that still run; a test that ends in any way takes them along. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts the process. Throws when it cannot be started at all. */
export function startChild(options: ChildOptions): Child {
  const { name, story } = options;
  const [program = '', ...args] = options.command;
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe', ...(options.onMessage === undefined ? [] : (['ipc'] as const))],
    env: { ...process.env, ...options.env },
    ...(options.gid === undefined ? {} : { gid: options.gid }),
  });
  running.add(child);
  let ours = false;
  let frozen = false;
  let end: { readonly code: number | null } | undefined;
  const tail: string[] = [];
  const line = (text: string): void => {
    tail.push(text);
    if (tail.length > TAIL_LINES) tail.shift();
    story.line(name, text);
    options.onLine?.(text);
  };
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', line);
  }
  if (options.onMessage !== undefined) child.on('message', options.onMessage);
  child.once('error', (error) => {
    story.event(name, `cannot be started: ${error.message}`);
    end ??= { code: null };
  });
  child.once('exit', (code, signal) => {
    running.delete(child);
    end ??= { code };
    if (!ours)
      story.event(name, `ended by itself, ${signal ?? `code ${code}`}: ${tail.slice(-3).join(' | ')}`);
  });
  const signal = (which: NodeJS.Signals): void => void child.kill(which);
  const ended: Child['ended'] = (limitMs) => within({ limitMs, everyMs: 5 }, () => end);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} cannot be started: ${options.command.join(' ')}`);
  return {
    name,
    pid,
    alive: () => end === undefined,
    frozen: () => frozen,
    freeze: () => {
      frozen = true;
      signal('SIGSTOP');
    },
    resume: () => {
      frozen = false;
      signal('SIGCONT');
    },
    kill: async () => {
      if (end !== undefined) return;
      ours = true;
      const atMs = monotonicMs();
      signal('SIGKILL');
      if ((await ended(5000)) === undefined) {
        throw new Error(`${name} (pid ${pid}) lives ${Math.round(monotonicMs() - atMs)} ms after SIGKILL`);
      }
    },
    signal: (which) => {
      ours = true;
      signal(which);
    },
    ended,
    tail: () => tail,
    send: (message) => void child.send(message),
    condition: () => conditionOf(pid),
  };
}

/** Fields 3, 14 and 15 of /proc/PID/stat, after the name in brackets; times in hundredths of a second. */
function conditionOf(pid: number): string {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    const usedMs = 10 * (Number(fields[11]) + Number(fields[12]));
    return `state ${fields[0]}, ${usedMs} ms of processor time`;
  } catch {
    return 'gone';
  }
}
