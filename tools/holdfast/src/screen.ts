/** A screen that is drawn again and again on a terminal, and how wide it is. */
import type { ShowOptions } from './status/show-status.ts';

const ESCAPE = '\u001b';

/** What the terminal on stdout can show; colours only there, and never with NO_COLOR. */
export function terminalOptions(): ShowOptions {
  const terminal = process.stdout.isTTY;
  return {
    columns: terminal ? process.stdout.columns : Number.MAX_SAFE_INTEGER,
    colours: terminal && !process.env['NO_COLOR'],
  };
}

/** Draws lines over what was there; on something that is no terminal they are appended. */
export function draw(lines: readonly string[]): void {
  const text = `${lines.join('\n')}\n`;
  process.stdout.write(process.stdout.isTTY ? `${ESCAPE}[H${ESCAPE}[2J${text}` : text);
}
