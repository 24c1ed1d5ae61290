/** The ledger's file: a broker that starts on it goes on, and one that cannot trust it stops with the path. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVirtualHost } from '@holdfast/bridge/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deal } from '../testing/requests.ts';
import { testBroker } from '../testing/scene.ts';
import { openLedgerFile } from './ledger-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Opens the ledger, trades, closes; returns the ledger that the broker saw. */
async function trade(deals: number) {
  const torn: number[] = [];
  const file = openLedgerFile(folder, (bytes) => torn.push(bytes));
  const broker = testBroker(createVirtualHost(), { restore: file.records, onRecord: file.append });
  const link = broker.attach('demo-hedging', 'terminal-1');
  for (let at = 0; at < deals; at += 1) await link.orderSend(deal());
  file.close();
  return { ledger: broker.ledger(), torn, quotes: broker.quotes() };
}

test('a broker goes on where the last one stopped', async () => {
  const before = await trade(3);
  const after = await trade(0);
  expect(after.ledger).toEqual(before.ledger);
  const more = await trade(2);
  expect(more.ledger.deals.slice(0, 3)).toEqual(before.ledger.deals);
  expect(new Set(more.ledger.deals.map(({ deal: ticket }) => ticket)).size).toBe(5);
});

test('a torn last line is cut off', async () => {
  await trade(2);
  const path = join(folder, 'ledger');
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, bytes.length - 10));
  const { ledger, torn } = await trade(1);
  expect(torn).toHaveLength(1);
  expect(ledger.deals).toHaveLength(2);
});

test.each([
  [
    'a changed digit',
    (text: string) => text.replace('"volume":"0.1"', '"volume":"0.2"'),
    'line 1 is damaged',
  ],
  [
    'a missing line',
    (text: string) => text.split('\n').toSpliced(1, 1).join('\n'),
    'line 2 has the number 3',
  ],
  ['a doubled line', (text: string) => text.replace(/^(.*\n)/, '$1$1'), 'line 2 has the number 1'],
  ['something else', () => 'hello\n', 'line 1 is damaged'],
])('%s stops the broker, with the path', async (_what, damage, why) => {
  await trade(3);
  const path = join(folder, 'ledger');
  writeFileSync(path, damage(readFileSync(path, 'utf8')));
  await expect(trade(0)).rejects.toThrow(`ledger ${path}: ${why}`);
});
