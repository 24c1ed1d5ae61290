/** What the terminal's lists show is in force at once; Redis is told behind it, and in the end of everything (I8, I9). */
import type { BridgeSession, Listing } from '@holdfast/bridge';
import type { Deal, Position, WorkingOrder } from '@holdfast/ha-core';
import type { AccountSnapshot, JournalOutcome, NamedRecord, RtsChange, TradeJournal } from '@holdfast/redis';
import { expect, it } from 'vitest';
import { createHoldings, type Holdings } from './holdings.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const position = (ticket: string, volume: string): Position => ({
  position: ticket,
  ticket,
  symbol: 'EURUSD',
  side: 'buy',
  volume,
  price: '1.1',
  stopLoss: '0',
  takeProfit: '0',
  magic: '0',
  comment: '',
  openedAt: 1,
});

const ORDER: WorkingOrder = {
  order: '7',
  symbol: 'EURUSD',
  side: 'buy',
  type: 'limit',
  volume: '0.10',
  price: '1.0',
  stopLoss: '0',
  takeProfit: '0',
  magic: '0',
  comment: '',
  placedAt: 1,
};

type Stage = {
  readonly holdings: Holdings;
  readonly terminal: { positions: Position[]; orders: WorkingOrder[]; deals: Deal[]; done: unknown[] };
  readonly read: () => Promise<void>;
  /** Lets the time pass after which Redis is told. */
  readonly behind: () => Promise<void>;
  readonly told: { readonly records: readonly NamedRecord[]; readonly changes: readonly RtsChange[] }[];
  /** What Redis answers to the next writing. */
  answer: Promise<JournalOutcome>;
};

function stage(orders: readonly WorkingOrder[] = []): Stage {
  const later: (() => void)[] = [];
  const terminal: Stage['terminal'] = { positions: [], orders: [...orders], deals: [], done: [] };
  const session = {
    list: (what: keyof typeof terminal) =>
      Promise.resolve({ rows: terminal[what], synced: true, broker: true } as unknown as Listing<never>),
  } as unknown as BridgeSession;
  const own: Stage = {
    holdings: createHoldings({
      host: {
        monotonicMs: () => 0,
        wallMs: () => 0,
        after: (_, run) => {
          later.push(run);
          return () => undefined;
        },
        random: () => 0,
      },
      epoch: '1',
      journal: {
        record: (records: readonly NamedRecord[], changes: readonly RtsChange[]) => {
          own.told.push({ records, changes });
          return own.answer;
        },
        signalIds: () => Promise.resolve(new Map()),
        results: () => Promise.resolve(new Map()),
      } as unknown as TradeJournal,
      snapshot: { positions: [], orders, dealsUntil: 0 } as unknown as AccountSnapshot,
      onReading: () => undefined,
      notify: () => undefined,
      log: () => undefined,
    }),
    terminal,
    read: () => own.holdings.refresh(session),
    behind: async () => {
      for (const run of later.splice(0)) run();
      await settle();
    },
    told: [],
    answer: Promise.resolve({ is: 'ok' }),
  };
  return own;
}

it('has what it has read in force before Redis is told', async () => {
  const { holdings, terminal, read, behind, told } = stage();
  terminal.positions = [position('1', '0.10')];
  await read();
  expect([holdings.positions.get('1')?.volume, told]).toEqual(['0.10', []]);
  await behind();
  expect(told.map(({ changes }) => changes)).toEqual([
    [{ in: 'positions', key: '1', value: position('1', '0.10') }],
  ]);
});

it('owes what Redis did not take, and tells it with the next reading', async () => {
  const on = stage([ORDER]);
  on.terminal.orders = [];
  on.terminal.done = [
    { order: '7', state: 'cancelled', volume: '0.10', filled: '0', magic: '0', symbol: 'EURUSD' },
  ];
  on.answer = Promise.resolve({ is: 'failed', certain: true, detail: 'no primary' });
  await on.read();
  await on.behind();
  on.answer = Promise.resolve({ is: 'ok' });
  await on.read();
  await on.behind();
  await on.read();
  await on.behind();
  const once = { names: ['order:7:cancelled'], rows: ['7'] };
  expect(
    on.told.map(({ records, changes }) => ({
      names: records.map(({ name }) => name),
      rows: changes.map(({ key }) => key),
    })),
  ).toEqual([once, once]);
});

it('writes a row once more whose result came while it was being written', async () => {
  const on = stage();
  on.terminal.positions = [position('1', '0.10')];
  const { promise, resolve } = Promise.withResolvers<JournalOutcome>();
  on.answer = promise;
  await on.read();
  await on.behind();
  on.holdings.apply([{ in: 'positions', key: '1', value: position('1', '0.20') }]);
  resolve({ is: 'ok' });
  await settle();
  on.answer = Promise.resolve({ is: 'ok' });
  on.terminal.positions = [position('1', '0.20')];
  await on.read();
  await on.behind();
  expect(on.told.at(-1)?.changes).toEqual([{ in: 'positions', key: '1', value: position('1', '0.20') }]);
});
