/** Holds the table of docs/webhooks.md and the code together, line by line of the recorded alerts. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readAlert } from './alert-fields.ts';
import { AlertRefused } from './alert-refused.ts';
import { alertSignal } from './alert-signal.ts';
import { alertIdentity } from './identity.ts';

const ALERTS = new URL('../../../../../shared/data/tradingview-alerts.jsonl', import.meta.url);
const PAGE = new URL('../../../../docs/webhooks.md', import.meta.url);

type Row = { line: number; becomes: string; byDefault: string; id: string };

const rows: Row[] = readFileSync(PAGE, 'utf8')
  .split('\n')
  .flatMap((line) => {
    const cells = line.split('|').map((cell) => cell.trim().replaceAll('`', ''));
    if (!/^\d+$/.test(cells[1] ?? '')) return [];
    const [, number = '', , becomes = '', byDefault = '', id = ''] = cells;
    return [{ line: Number(number), becomes, byDefault: byDefault === 'the same' ? becomes : byDefault, id }];
  });

/** What the code makes of a body, in the words of the table. */
function judged(body: string, wholeStops: 'points' | 'refuse'): { becomes: string; id: string } {
  try {
    const fields = readAlert(body);
    const alert = alertSignal(fields, { symbols: {}, unmappedSymbols: true, wholeStops, margin: 'hedging' });
    const identity = alertIdentity('alerts', fields, alert);
    const pairs = Object.entries(alert.signal).map(([field, value]) => `${field}=${value}`);
    return { becomes: pairs.join(' '), id: identity.by === 'id' ? identity.id : identity.by };
  } catch (error) {
    if (!(error instanceof AlertRefused)) throw error;
    return { becomes: `refused: ${error.reason}`, id: '' };
  }
}

const there = existsSync(ALERTS);
const bodies = there
  ? readFileSync(ALERTS, 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { body: string }).body)
  : [];

describe('the table of docs/webhooks.md', () => {
  test('has a row for each recorded alert', () => {
    if (!there)
      process.stderr.write(`webhooks-table: not compared, ${ALERTS.pathname} is not on this machine\n`);
    const lines = rows.map((row) => row.line);
    expect(lines).toEqual((there ? bodies : rows).map((_, index) => index + 1));
  });

  test.each(bodies.map((body, index) => ({ line: index + 1, body })))('line $line', ({ line, body }) => {
    const row = rows.find((one) => one.line === line);
    expect(judged(body, 'points')).toEqual({ becomes: row?.becomes, id: row?.id });
    expect(judged(body, 'refuse').becomes).toBe(row?.byDefault);
  });

  test('names every reason of a refusal', () => {
    const source = readFileSync(new URL('alert-refused.ts', import.meta.url), 'utf8');
    const reasons = [...source.matchAll(/\| '([a-z_]+)'/g)].map((match) => match[1]);
    const page = readFileSync(PAGE, 'utf8');
    expect(reasons.length).toBeGreaterThan(15);
    expect(reasons.filter((reason) => !page.includes(`\`${reason}\``))).toEqual([]);
  });
});
