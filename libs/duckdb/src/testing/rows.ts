/** For tests: rows that differ by account and number, and by content where a test says so. */
import { type NumberedRecord, type RecordRow, recordRow } from '@holdfast/ha-core';

export function row(account: string, number: number, detail = ''): RecordRow {
  const record: NumberedRecord = {
    account,
    number,
    kind: 'result',
    signalId: `signal-${number}`,
    magic: String(number * 7),
    action: 'open',
    symbol: 'EURUSD',
    outcome: 'filled',
    reason: 'executed',
    detail,
    side: 'buy',
    volume: '0.10',
    filledVolume: '0.10',
    price: '1.08345',
    tickets: { order: '1', position: '1', deals: ['1'] },
    acceptedAt: 1,
    at: 1_700_000_000_000,
    epoch: 3,
    steps: [{ state: 'accepted', at: 1, epoch: 3, by: 'engine-1' }],
  };
  return recordRow(record);
}

export const rows = (account: string, first: number, last: number): RecordRow[] =>
  Array.from({ length: last - first + 1 }, (_, index) => row(account, first + index));
