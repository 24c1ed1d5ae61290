/** Writes the pages of docs/ that are made from code. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PAGES } from './pages.ts';

for (const { file, text } of PAGES) {
  writeFileSync(file, text());
  process.stdout.write(`${fileURLToPath(file)}\n`);
}
