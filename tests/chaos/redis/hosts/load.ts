/** Processors that are busy: processes that only burn, and one process that gets a part of its time. */
import { spawn } from 'node:child_process';
import type { Member } from './cluster.ts';

/** Starts processes that burn a processor each; returns what ends them. */
export function startBurners(count: number): () => void {
  const burners = Array.from({ length: count }, () =>
    spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }),
  );
  const end = (): void => {
    for (const burner of burners) burner.kill('SIGKILL');
  };
  process.once('exit', end);
  return () => {
    process.off('exit', end);
    end();
  };
}

/** Stops and resumes a process in turn, as a limit of processor time does; returns what ends it, resumed. */
export function throttle(member: Member, stoppedMs: number, runningMs: number): () => Promise<void> {
  const pid = member.child()?.pid;
  if (pid === undefined) throw new Error(`${member.name} does not run`);
  const seconds = (ms: number): string => (ms / 1000).toFixed(3);
  const loop = `while kill -STOP ${pid}; do sleep ${seconds(stoppedMs)}; kill -CONT ${pid}; sleep ${seconds(runningMs)}; done`;
  const child = spawn('sh', ['-c', loop], { stdio: 'ignore' });
  return async () => {
    const ended = new Promise((resolve) => {
      child.once('exit', resolve);
    });
    child.kill('SIGKILL');
    await ended;
    if (member.alive()) member.child()?.resume();
  };
}
