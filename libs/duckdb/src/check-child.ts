/** The child of `checkDatabase`: `node check-child.ts FILE` prints a CheckOutcome and ends; a crash is an answer too. */
import { readWholeDatabase } from './whole-database.ts';

process.stdout.write(`${JSON.stringify(await readWholeDatabase(process.argv[2] ?? ''))}\n`);
