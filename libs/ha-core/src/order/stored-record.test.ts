/** I8's "same content": what makes two records the same, and what a store must be able to prove by itself. */
import { createHash } from 'node:crypto';
import { assert, jsonValue, property } from 'fast-check';
import { expect, it } from 'vitest';
import type { NumberedRecord } from './record.ts';
import { canonicalJson, recordOfRow, recordRow, rowIsWhole } from './stored-record.ts';

const record: NumberedRecord = {
  account: 'demo',
  number: 7,
  kind: 'result',
  signalId: 's-1',
  magic: '9007199254740991',
  action: 'open',
  symbol: 'EURUSD',
  outcome: 'filled',
  reason: 'executed',
  side: 'buy',
  volume: '0.10',
  filledVolume: '0.10',
  price: '1.08345',
  tickets: { deals: ['3'], order: '1' },
  acceptedAt: 1,
  at: 2,
  epoch: 3,
  steps: [{ state: 'accepted', at: 1, epoch: 3, by: 'engine-1' }],
};

it('has the columns that people query, and gives the record back', () => {
  const row = recordRow(record);
  expect(row).toMatchObject({
    account: 'demo',
    number: 7,
    kind: 'result',
    signal_id: 's-1',
    magic: '9007199254740991',
    filled_volume: '0.10',
    at_ms: 2,
    epoch: 3,
  });
  expect(row.hash).toBe(createHash('sha256').update(row.record).digest('hex'));
  expect(recordOfRow(row)).toEqual(record);
});

it('is the same for the same content in another order, whatever its account and number', () => {
  const reordered = Object.fromEntries(Object.entries(record).toReversed()) as NumberedRecord;
  expect(recordRow(reordered)).toEqual(recordRow(record));
  expect(recordRow({ ...record, account: 'other', number: 8 }).hash).toBe(recordRow(record).hash);
});

it('is another for any other content', () => {
  expect(recordRow({ ...record, detail: '' }).hash).not.toBe(recordRow(record).hash);
  expect(recordRow({ ...record, tickets: { deals: ['4'], order: '1' } }).hash).not.toBe(
    recordRow(record).hash,
  );
});

it('is whole only while hash, content and columns agree', () => {
  const row = recordRow(record);
  expect(rowIsWhole(row)).toBe(true);
  expect(rowIsWhole({ ...row, record: row.record.replace('0.10', '0.20') })).toBe(false);
  expect(rowIsWhole({ ...row, outcome: 'rejected' })).toBe(false);
  expect(rowIsWhole({ ...row, hash: '0'.repeat(64) })).toBe(false);
});

it('writes JSON that means the same, for any JSON', () => {
  assert(
    property(jsonValue(), (value) => {
      const plain = JSON.parse(JSON.stringify(value)) as unknown;
      expect(JSON.parse(canonicalJson(plain))).toEqual(plain);
    }),
  );
});
