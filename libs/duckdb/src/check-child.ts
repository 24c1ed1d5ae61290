/** The child of `checkDatabase`: `node check-child.ts FILE` prints a CheckOutcome and ends; a crash is an answer too. */
import { type CheckOutcome, readWholeDatabase } from './check.ts';

const file = process.argv[2] ?? '';
const outcome = await readWholeDatabase(file).catch(
  (error: unknown): CheckOutcome => ({ is: 'damaged', why: String(error).slice(0, 500) }),
);
process.stdout.write(`${JSON.stringify(outcome)}\n`);
