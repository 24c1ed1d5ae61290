/**
 * A process of the benchmark's own (load, floor, peer) and the jobs that it is given: one at a time, over the channel
 * that Node opens to a forked process. It ends when its parent does.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Child, childOf } from './child.ts';

export type Worker<Job, Result> = Child & {
  /** Rejects with what went wrong there, or when it took longer than its limit. */
  readonly run: (job: Job, limitMs: number) => Promise<Result>;
};

type Answer<Result> = { readonly result: Result } | { readonly failed: string };

/** Starts `file` (a URL beside the caller), which calls `serveJobs`. */
export function startWorker<Job, Result>(name: string, file: URL): Worker<Job, Result> {
  const child = fork(fileURLToPath(file), [], {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const run = (job: Job, limitMs: number): Promise<Result> =>
    new Promise((resolve, reject) => {
      const done = (end: () => void): void => {
        clearTimeout(late);
        child.removeListener('message', take);
        child.removeListener('exit', gone);
        end();
      };
      const take = (answer: unknown): void => {
        const given = answer as Answer<Result>;
        if ('failed' in given) done(() => reject(new Error(`${name}: ${given.failed}`)));
        else done(() => resolve(given.result));
      };
      const gone = (): void => done(() => reject(new Error(`${name} ended before it answered`)));
      const late = setTimeout(
        () => done(() => reject(new Error(`${name} took longer than ${limitMs} ms`))),
        limitMs,
      );
      if (!child.connected) return done(() => reject(new Error(`${name} has ended`)));
      child.on('message', take);
      child.on('exit', gone);
      child.send(job as Parameters<typeof child.send>[0]);
    });
  return { ...childOf(name, child), run };
}

/** Serves the jobs of the process that forked this one. */
export function serveJobs<Job, Result>(handle: (job: Job) => Promise<Result>): void {
  const answer = (value: Answer<Result>): void => void process.send?.(value);
  process.on('message', (job) => {
    handle(job as Job).then(
      (result) => answer({ result }),
      (error: unknown) =>
        answer({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.once('disconnect', () => process.exit(0));
  process.once('SIGTERM', () => process.exit(0));
}
