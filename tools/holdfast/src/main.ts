/** `holdfast …`: the command line. Exit codes: 0 done · 1 failed · 2 the command line itself was wrong. */
import { createProgram } from './program.ts';
import { exitCodeOf } from './failures.ts';

try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
