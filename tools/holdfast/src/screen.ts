/** A screen that is drawn again and again on a terminal, and how wide it is. */
import type { Command } from 'commander';
import type { ShowOptions } from './status/show-status.ts';

const ESCAPE = '\u001b';

/** What the terminal on stdout can show; colours only there, and never with NO_COLOR. */
export function terminalOptions(): ShowOptions {
  const terminal = process.stdout.isTTY;
  return {
    // A terminal that does not know its width says 0.
    columns: (terminal && process.stdout.columns) || Number.MAX_SAFE_INTEGER,
    colours: terminal && !process.env['NO_COLOR'],
  };
}

/** Draws lines over what was there, as many as fit; on something that is no terminal all are appended. */
export function draw(lines: readonly string[]): void {
  if (!process.stdout.isTTY) return void process.stdout.write(`${lines.join('\n')}\n`);
  const rows = process.stdout.rows || Number.MAX_SAFE_INTEGER;
  process.stdout.write(`${ESCAPE}[H${ESCAPE}[2J${lines.slice(0, rows - 1).join('\n')}\n`);
}

/** Writes lines where the command line writes to; tests read them there. */
export function tellerOf(command: Command): (line: string) => void {
  const output = command.configureOutput();
  return (line) => output.writeOut?.(`${line}\n`);
}
