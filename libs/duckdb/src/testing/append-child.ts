/** For tests: appends rows to FILE without end and prints the position after each commit, until it is killed. */
import { type NumberedRecord, recordRow } from '@holdfast/ha-core';
import { openDatabase } from '../database.ts';
import { createResultStore } from '../result-store.ts';

const database = await openDatabase({ file: process.argv[2] ?? '' });
const store = createResultStore(database, () => 1);
for (let next = 1; ; next += 100) {
  const rows = Array.from({ length: 100 }, (_, index) => recordRow(order(next + index)));
  const outcome = await store.append('a', rows);
  process.stdout.write(`${outcome.is === 'stored' ? outcome.synced : outcome.is}\n`);
}

function order(number: number): NumberedRecord {
  const common = { magic: '7', symbol: 'EURUSD', volume: '0.10', price: '1.1', at: 1, epoch: 1 };
  return { kind: 'order', account: 'a', number, order: String(number), state: 'placed', ...common };
}
