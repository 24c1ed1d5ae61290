/**
 * The one thread of an MQL program: what arrives waits while OrderSend blocks it, and is taken in order afterwards.
 */
import type { Host } from '@holdfast/ha-core';

export type Task = () => void | Promise<void>;

export type Thread = {
  /** Adds a task to what has arrived. False when `tasksMax` wait already. */
  readonly post: (task: Task) => boolean;
  /** True while a task is under way. */
  readonly isBusy: () => boolean;
  /** Nothing runs any more; a task that waits for something never goes on. */
  readonly stop: () => void;
};

export type ThreadOptions = {
  readonly host: Host;
  /** Time from an arrival to the timer event that takes it; a real terminal has 10 to 16 ms, 0 leaves it out. */
  readonly timerFloorMs: number;
  readonly tasksMax: number;
  /** The next thing to do when nothing that arrived is left; undefined when there is none. */
  readonly idle: () => Promise<void> | undefined;
  /** A task failed: that must never happen. */
  readonly onFailure: (error: unknown) => void;
};

/** A thread that runs tasks one after the other; a task that needs no waiting is run at once. */
export function createThread(options: ThreadOptions): Thread {
  const { host, timerFloorMs, tasksMax, idle, onFailure } = options;
  let tasks: Task[] = [];
  let taken = 0;
  let isBusy = false;
  let isAwake = false;
  let isStopped = false;

  const run = async (): Promise<void> => {
    isBusy = true;
    try {
      while (!isStopped) {
        const task = tasks[taken];
        if (task === undefined) {
          tasks = [];
          taken = 0;
        } else {
          taken += 1;
        }
        const wait = task === undefined ? idle() : task();
        if (wait !== undefined) await wait;
        else if (task === undefined && tasks.length === 0) break;
      }
    } catch (error) {
      isStopped = true;
      onFailure(error);
    } finally {
      isBusy = false;
    }
  };
  const wake = (): void => {
    if (isBusy || isAwake || isStopped) return;
    if (timerFloorMs <= 0) {
      void run();
      return;
    }
    isAwake = true;
    host.after(timerFloorMs, () => {
      isAwake = false;
      if (!isBusy && !isStopped) void run();
    });
  };
  return {
    post: (task) => {
      if (tasks.length - taken >= tasksMax) return false;
      tasks.push(task);
      wake();
      return true;
    },
    isBusy: () => isBusy,
    stop: () => {
      isStopped = true;
      tasks = [];
    },
  };
}
