/** Reports that cannot be written lose nothing of what they would have told. */
import type { BridgeSession } from '@holdfast/bridge';
import type { Difference, ReconciliationReport } from '@holdfast/ha-core';
import type { JournalOutcome, TradeJournal } from '@holdfast/redis';
import { expect, it } from 'vitest';
import { createReconciliations } from './reconciliation.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const gone = (key: string): Difference => ({ what: 'position', key, finding: 'ours_missing', detail: '' });

it('tells with the next one what the last one could not', async () => {
  let outcome: JournalOutcome = { is: 'failed', certain: true, detail: 'no primary' };
  const written: ReconciliationReport[] = [];
  let later: (() => void)[] = [];
  const reports = createReconciliations({
    host: {
      monotonicMs: () => 0,
      wallMs: () => 0,
      after: (_, run) => {
        later.push(run);
        return () => undefined;
      },
      random: () => 0,
    },
    journal: {
      instance: ({ reconciliation }: { reconciliation: ReconciliationReport }) => {
        written.push(reconciliation);
        return Promise.resolve(outcome);
      },
    } as unknown as TradeJournal,
    held: () => ({ positions: [], orders: [] }),
    ours: () => Promise.resolve(() => true),
    unknown: () => [],
    onReconciled: () => undefined,
    log: () => undefined,
  });
  const session = { identity: { terminal: 't-1' } } as BridgeSession;
  const read = async (key: string): Promise<void> => {
    const found = {
      matched: 0,
      differences: [gone(key)],
      positions: new Map(),
      orders: new Map(),
      changes: [],
    };
    reports.take({ session, found, cause: 'request' });
    for (const run of later.splice(0)) run();
    await settle();
  };
  await read('1');
  outcome = { is: 'ok' };
  await read('2');
  await read('3');
  later = [];
  const tickets = written.map(({ rows }) => rows.map(({ ticket }) => ticket));
  expect(tickets).toEqual([['1'], ['1', '2'], ['3']]);
});
