/** For the tests: the command line in this process, with what it writes and how it would exit. */
import { exitCodeOf } from '../failures.ts';
import { createProgram } from '../program.ts';

export type Ended = { readonly exitCode: number | null; readonly stdout: string; readonly stderr: string };

/** Runs one command to its end. */
export async function runCommand(...args: string[]): Promise<Ended> {
  const out: string[] = [];
  const errors: string[] = [];
  const program = createProgram({
    writeOut: (text) => void out.push(text),
    writeErr: (text) => void errors.push(text),
  });
  let exitCode = 0;
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    exitCode = exitCodeOf(error, (text) => void errors.push(text));
  }
  return { exitCode, stdout: out.join(''), stderr: errors.join('') };
}
