/**
 * `up --detach`: a supervisor of its own session, and the short-lived command that started it and waits until it is
 * ready. They speak over the channel that Node opens between parent and child; it ends with the waiting.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CommandFailed } from '../failures.ts';

/** What the supervisor tells the command that waits for it. */
export type Report =
  | { readonly is: 'line'; readonly text: string }
  | { readonly is: 'ready'; readonly text: string }
  | { readonly is: 'failed'; readonly text: string };

const MARK = 'HOLDFAST_DETACHED';

/** How the supervisor reports when it was started detached; undefined in the foreground. Resolves once it is sent. */
export function detachedReport(): ((report: Report) => Promise<void>) | undefined {
  if (process.env[MARK] === undefined || process.send === undefined) return undefined;
  return (report) =>
    new Promise((resolve) => {
      // Nobody waits any more once the channel is closed; the log has it all.
      if (process.connected) process.send?.(report, undefined, {}, () => resolve());
      else resolve();
    });
}

/** Starts the supervisor with these arguments and waits. Throws `CommandFailed` with its reason when it does not come up. */
export async function startDetached(args: readonly string[]): Promise<void> {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, ...args], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, [MARK]: '1' },
  });
  const interrupt = (): void => void child.kill('SIGTERM');
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(
        new CommandFailed(`the supervisor ended before it was ready (${signal ?? `exit code ${code}`})`),
      ),
    );
    child.on('message', (report: Report) => {
      if (report.is === 'failed') reject(new CommandFailed(report.text));
      else process.stdout.write(`${report.text}\n`);
      if (report.is === 'ready') resolve();
    });
  });
  child.removeAllListeners();
  if (child.connected) child.disconnect();
  child.unref();
  process.off('SIGINT', interrupt);
  process.off('SIGTERM', interrupt);
}
