/** Colours of a terminal. What a colour says a word says too. */
export type Colour = 'green' | 'yellow' | 'red' | 'bold';
export type Paint = (colour: Colour, text: string) => string;

const CODES: Readonly<Record<Colour, number>> = { green: 32, yellow: 33, red: 31, bold: 1 };
const ESCAPE = '\u001b';

/** Paints, or leaves texts as they are. */
export function painter(colours: boolean): Paint {
  return (colour, text) => (colours ? `${ESCAPE}[${CODES[colour]}m${text}${ESCAPE}[0m` : text);
}

/** Cuts what a terminal would wrap; escape sequences take no room. */
export function cut(line: string, columns: number): string {
  const parts = line.split(new RegExp(`(${ESCAPE}\\[\\d+m)`));
  let left = columns;
  return parts
    .map((part) => {
      if (part.startsWith(ESCAPE)) return part;
      const kept = part.slice(0, Math.max(0, left));
      left -= kept.length;
      return kept;
    })
    .join('');
}
