/** Programs that the tests run: their output, or an error with the end of what they said. Each within its time. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export type RunOptions = {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly limitMs?: number;
};

export type Ran = { readonly code: number; readonly output: string; readonly stdout: string };

const LIMIT_MS = 120_000;
const OUTPUT_BYTES = 64 * 1024 * 1024;

/** Runs a program to its end; answers its exit code and what it said, whatever the code is. */
export async function attempt(
  program: string,
  words: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  const { cwd, env = process.env, limitMs = LIMIT_MS } = options;
  const limits = { timeout: limitMs, killSignal: 'SIGKILL', maxBuffer: OUTPUT_BYTES } as const;
  try {
    const { stdout, stderr } = await execute(program, words, {
      ...limits,
      ...(cwd === undefined ? {} : { cwd }),
      env,
    });
    return { code: 0, stdout, output: `${stdout}\n${stderr}` };
  } catch (error) {
    const failed = error as {
      code?: unknown;
      killed?: boolean;
      stdout?: string;
      stderr?: string;
      message: string;
    };
    if (failed.killed === true) {
      throw new Error(`${program} ${words.join(' ')}: not within ${limitMs} ms`, { cause: error });
    }
    if (typeof failed.code !== 'number') throw error;
    const stdout = failed.stdout ?? '';
    return { code: failed.code, stdout, output: `${stdout}\n${failed.stderr ?? ''}` };
  }
}

/** Runs a program that must succeed; answers what it wrote to its standard output. */
export async function run(
  program: string,
  words: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { code, output, stdout } = await attempt(program, words, options);
  if (code === 0) return stdout;
  const end = output.trim().split('\n').slice(-80).join('\n');
  throw new Error(`${program} ${words.join(' ')} ended with ${code}:\n${end}`);
}
