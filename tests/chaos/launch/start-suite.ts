/**
 * The first process of a suite: reads the arguments, makes the namespaces (launch.ts) and waits. What runs inside them is
 * the suite's own suite-main.ts, which begins with inside.ts.
 */
import { fileURLToPath } from 'node:url';
import { WrongArguments } from './arguments.ts';
import { launch, whyNoNamespaces } from './launch.ts';

/** Runs the suite to its end; the exit code of this process says how it went, 2 for wrong arguments. */
export async function startSuite(
  suite: URL,
  readArguments: (args: readonly string[]) => { readonly loopback: boolean },
): Promise<void> {
  try {
    const args = process.argv.slice(2);
    const { loopback } = readArguments(args);
    const why = loopback ? '--loopback was given' : whyNoNamespaces();
    if (why !== undefined) console.log(`On loopback, where no link can be cut: ${why}`);
    process.exitCode = await launch(
      why === undefined ? 'namespaces' : 'loopback',
      fileURLToPath(suite),
      args,
    );
  } catch (error) {
    console.error(error instanceof WrongArguments ? error.message : error);
    process.exitCode = error instanceof WrongArguments ? 2 : 1;
  }
}
