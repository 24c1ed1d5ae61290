/**
 * Price files in the layout in which an MT5 terminal exports bars: tab separated, a header line with the names in
 * angle brackets, prices as decimals. Anything else is refused with the line and what was expected there.
 */
import { parseDecimal } from '@holdfast/ha-core';
import type { SymbolSpecification } from './symbols.ts';

/** Prices and spread in points. */
export type RecordedBar = {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly spread: number;
};

/** A price file that cannot be used; the message names the line. */
export class BadPriceFile extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BadPriceFile';
  }
}

const COLUMNS = ['<OPEN>', '<HIGH>', '<LOW>', '<CLOSE>', '<SPREAD>'] as const;

/** Reads the bars of a file's text for a symbol. Throws BadPriceFile. */
export function parseRecordedBars(text: string, symbol: SymbolSpecification): RecordedBar[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const header = (lines[0] ?? '').split('\t');
  if (header[0] !== '<DATE>')
    throw new BadPriceFile('line 1: expected a header that starts with <DATE>, tab separated');
  const places = COLUMNS.map((column) => header.indexOf(column));
  for (const [at, column] of COLUMNS.entries()) {
    if (places[at] === -1 && column !== '<SPREAD>') throw new BadPriceFile(`line 1: no column ${column}`);
  }
  const bars: RecordedBar[] = [];
  for (let at = 1; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (line !== '') bars.push(parseBar(line.split('\t'), places, symbol, at + 1));
  }
  if (bars.length === 0) throw new BadPriceFile('no bars after the header');
  return bars;
}

function parseBar(
  cells: readonly string[],
  places: readonly number[],
  symbol: SymbolSpecification,
  line: number,
): RecordedBar {
  const price = (at: number): number => {
    const cell = cells[places[at] ?? -1] ?? '';
    const parsed = parseDecimal(cell);
    const points =
      parsed === undefined || parsed.scale > symbol.digits
        ? 0
        : Number(parsed.units * 10n ** BigInt(symbol.digits - parsed.scale));
    if (points <= 0) {
      throw new BadPriceFile(
        `line ${line}: ${COLUMNS[at] ?? ''} is ${JSON.stringify(cell)}, expected a price of at most ${symbol.digits} decimals`,
      );
    }
    return points;
  };
  const spreadCell = places[4] === -1 ? undefined : cells[places[4] ?? -1];
  if (spreadCell !== undefined && !/^\d{1,6}$/.test(spreadCell)) {
    throw new BadPriceFile(`line ${line}: <SPREAD> is ${JSON.stringify(spreadCell)}, expected points`);
  }
  const bar = { open: price(0), high: price(1), low: price(2), close: price(3) };
  if (bar.low > Math.min(bar.open, bar.close) || bar.high < Math.max(bar.open, bar.close)) {
    throw new BadPriceFile(`line ${line}: the low or the high does not enclose open and close`);
  }
  return { ...bar, spread: spreadCell === undefined ? symbol.spreadPoints : Number(spreadCell) };
}
