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
  readonly session: BridgeSession;
  readonly terminal: { positions: Position[]; orders: WorkingOrder[]; deals: Deal[]; done: unknown[] };
  /** The broker's clock, and the host's. */
  readonly clock: { brokerMs: number; hostMs: number };
  readonly read: () => Promise<void>;
  /** Lets the time pass after which Redis is told. */
  readonly behind: () => Promise<void>;
  readonly told: { readonly records: readonly NamedRecord[]; readonly changes: readonly RtsChange[] }[];
  /** Signals that people were alarmed about. */
  readonly alarms: string[];
  /** What Redis answers to the next writing. */
  answer: Promise<JournalOutcome>;
};

function stage(orders: readonly WorkingOrder[] = [], dealsUntil: number | 'never' = 0): Stage {
  const later: (() => void)[] = [];
  const terminal: Stage['terminal'] = { positions: [], orders: [...orders], deals: [], done: [] };
  const clock = { brokerMs: 0, hostMs: 0 };
  const session = {
    list: (what: keyof typeof terminal, { since = 0, cancelled }: { since?: number; cancelled?: true }) => {
      const all: readonly unknown[] = terminal[what];
      const rows =
        what === 'deals'
          ? terminal.deals.filter((row) => row.at >= since && (cancelled !== true || row.cancelled === true))
          : all;
      return Promise.resolve({
        rows,
        synced: true,
        broker: true,
        time: clock.brokerMs,
      } as unknown as Listing<never>);
    },
  } as unknown as BridgeSession;
  const own: Stage = {
    session,
    holdings: createHoldings({
      host: {
        monotonicMs: () => clock.hostMs,
        wallMs: () => clock.hostMs,
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
        signalIds: (magics: readonly string[]) =>
          Promise.resolve(new Map(magics.filter((magic) => magic === '42').map((magic) => [magic, 's1']))),
        results: () => Promise.resolve(new Map()),
      } as unknown as TradeJournal,
      snapshot: {
        positions: [],
        orders,
        dealsUntil: dealsUntil === 'never' ? undefined : dealsUntil,
      } as unknown as AccountSnapshot,
      onReading: () => undefined,
      notify: (_, { signalId }) => void own.alarms.push(String(signalId)),
      log: () => undefined,
    }),
    terminal,
    clock,
    read: () => own.holdings.refresh(session),
    behind: async () => {
      for (const run of later.splice(0)) run();
      await settle();
    },
    told: [],
    alarms: [],
    answer: Promise.resolve({ is: 'ok' }),
  };
  return own;
}

const deal = (ticket: string, at: number, magic = '0'): Deal => ({
  deal: ticket,
  order: ticket,
  position: ticket,
  symbol: 'EURUSD',
  side: 'buy',
  entry: 'in',
  cause: 'expert',
  volume: '0.10',
  price: '1.1',
  profit: '0',
  magic,
  comment: '',
  at,
});

const HOUR_MS = 3_600_000;
const namesOf = (on: Stage): string[] => on.told.flatMap(({ records }) => records.map(({ name }) => name));

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

it('begins an account at the time of the broker, which lies hours behind, and writes that before anything is sent', async () => {
  const on = stage([], 'never');
  on.clock.hostMs = 10 * HOUR_MS;
  on.clock.brokerMs = 5 * HOUR_MS;
  on.terminal.deals = [deal('1', 4 * HOUR_MS)];
  await on.read();
  expect(on.told).toEqual([
    { records: [], changes: [{ in: 'account', key: 'dealsUntil', value: 5 * HOUR_MS }] },
  ]);
  on.terminal.deals.push(deal('2', 5 * HOUR_MS + 10));
  on.clock.brokerMs += 1000;
  await on.read();
  await on.behind();
  expect(namesOf(on)).toEqual(['deal:2']);
});

it('does not begin where that cannot be written', async () => {
  const on = stage([], 'never');
  on.answer = Promise.resolve({ is: 'failed', certain: true, detail: 'no primary' });
  await expect(on.read()).rejects.toThrow('the beginning was not written');
});

it('reads an hour again when the broker has set its clock back, and goes on from there', async () => {
  const on = stage([], 100 * HOUR_MS);
  on.clock.brokerMs = 100 * HOUR_MS;
  on.terminal.deals = [deal('1', 100 * HOUR_MS)];
  await on.read();
  await on.behind();
  on.clock.brokerMs = 99 * HOUR_MS + 60_000;
  on.terminal.deals.push(deal('2', 99 * HOUR_MS + 10));
  await on.read();
  await on.behind();
  on.clock.brokerMs += 60_000;
  on.terminal.deals.push(deal('3', on.clock.brokerMs - 10));
  await on.read();
  await on.behind();
  expect(namesOf(on)).toEqual(['deal:1', 'deal:2', 'deal:3']);
  expect(on.told.at(-1)?.changes).toEqual([
    { in: 'account', key: 'dealsUntil', value: 99 * HOUR_MS + 120_000 - 10 },
  ]);
});

it('reads back to a deal that a result named, where the clock went back and forward again unseen (I8)', async () => {
  const on = stage([], 100 * HOUR_MS);
  const at = 99 * HOUR_MS + 10;
  on.clock.brokerMs = 100 * HOUR_MS;
  on.terminal.deals = [deal('1', at)];
  const execution = {
    retcode: 10009,
    order: '1',
    deal: '1',
    position: '1',
    volume: '0.10',
    price: '1.1',
    at,
    text: '',
  };
  on.holdings.remember('7', 's1', { ...execution, deal: '0' });
  await on.read();
  await on.behind();
  expect(namesOf(on)).toEqual([]);
  on.holdings.remember('7', 's1', execution);
  await on.read();
  await on.behind();
  expect(namesOf(on)).toEqual(['deal:1']);
  on.terminal.deals.push(deal('2', at));
  await on.read();
  await on.behind();
  expect(namesOf(on)).toEqual(['deal:1']);
});

it('tells of a deal of ours that the broker took back, by its hint or by looking, and once (I6)', async () => {
  const on = stage([], 100 * HOUR_MS);
  on.clock.brokerMs = 100 * HOUR_MS;
  const [hinted, unseen] = [deal('1', 100 * HOUR_MS, '42'), deal('2', 99 * HOUR_MS, '42')];
  on.terminal.deals = [hinted, unseen];
  await on.read();
  await on.behind();
  on.terminal.deals = [
    { ...hinted, cancelled: true },
    { ...unseen, cancelled: true },
    { ...deal('3', 99 * HOUR_MS, '7'), cancelled: true },
  ];
  on.holdings.takenBack(on.session, { ...hinted, cancelled: true });
  await on.behind();
  expect(namesOf(on)).toEqual(['deal:1', 'cancelled:1']);
  on.clock.hostMs += 61_000;
  await on.read();
  await on.behind();
  expect(namesOf(on).slice(2)).toEqual(['deal:2', 'deal:3', 'cancelled:2']);
  expect(on.alarms).toEqual(['s1', 's1']);
  expect(on.told.at(-1)?.records.at(-1)?.record).toMatchObject({
    kind: 'correction',
    signalId: 's1',
    reason: 'deal_cancelled',
  });
});

it('looks for what became of an order until the history shows it', async () => {
  const on = stage([ORDER]);
  on.terminal.orders = [];
  await on.read();
  await on.behind();
  expect(namesOf(on)).toEqual([]);
  on.terminal.done = [
    { order: '7', state: 'filled', volume: '0.10', filled: '0.10', magic: '0', symbol: 'EURUSD' },
  ];
  await on.read();
  await on.behind();
  expect(namesOf(on)).toEqual(['order:7:filled']);
});

it('does not take a list for news that shows a row as it was before a result, and takes any other (netting)', async () => {
  const on = stage();
  on.holdings.apply([{ in: 'positions', key: '1', value: position('1', '0.10') }]);
  on.holdings.apply([{ in: 'positions', key: '1', value: position('1', '0.30') }]);
  for (const lagging of [[], [position('1', '0.1')]]) {
    on.terminal.positions = lagging;
    await on.read();
    expect(on.holdings.positions.get('1')?.volume).toBe('0.30');
  }
  on.terminal.positions = [position('1', '0.20')];
  await on.read();
  expect(on.holdings.positions.get('1')?.volume).toBe('0.20');
  on.clock.hostMs += 2001;
  on.terminal.positions = [];
  await on.read();
  expect(on.holdings.positions.size).toBe(0);
});

it('believes a list again after a while, however often results went on to change the row (netting)', async () => {
  const on = stage();
  on.holdings.apply([{ in: 'positions', key: '1', value: position('1', '0.10') }]);
  on.clock.hostMs += 1500;
  on.holdings.apply([{ in: 'positions', key: '1', value: position('1', '0.30') }]);
  on.clock.hostMs += 501;
  await on.read();
  expect(on.holdings.positions.size).toBe(0);
});

it('gives no alarm for a correction that is there already', async () => {
  const on = stage([], 100 * HOUR_MS);
  on.terminal.deals = [{ ...deal('1', 99 * HOUR_MS, '42'), cancelled: true }];
  on.clock.brokerMs = 100 * HOUR_MS;
  on.answer = Promise.resolve({ is: 'ok', written: 0 });
  await on.read();
  await on.behind();
  expect([namesOf(on), on.alarms]).toEqual([['deal:1', 'cancelled:1'], []]);
});
