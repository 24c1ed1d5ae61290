/** What happens to the next signal of an account: its life at the claim (I7), closes (I7), and entries that are no signals. */
import { expect, it } from 'vitest';
import type { OrderState, Position, SymbolRules } from '@holdfast/ha-core';
import { choose } from './choose.ts';
import type { Holdings } from './holdings.ts';
import { createLine } from './line.ts';
import { trackOrder } from './tracked-order.ts';

const NOW = 1000;
const host = { wallMs: () => NOW, monotonicMs: () => NOW, after: () => () => {}, random: () => 0 };
const rules: SymbolRules = {
  symbol: 'EURUSD',
  digits: 5,
  volumeMin: '0.01',
  volumeMax: '100',
  volumeStep: '0.01',
  stopsLevel: 0,
  tradeMode: 'full',
};
const SYMBOLS = new Map(['EURUSD', 'GBPUSD'].map((symbol) => [symbol, { ...rules, symbol }]));
const position: Position = {
  position: '7',
  ticket: '8',
  symbol: 'EURUSD',
  side: 'buy',
  volume: '0.3',
  price: '1.1',
  stopLoss: '0',
  takeProfit: '0',
  magic: '1',
  comment: '',
  openedAt: 0,
};
const OPEN = { action: 'open', symbol: 'EURUSD', side: 'buy', volume: '0.10' };

type Given = {
  readonly body: string;
  readonly acceptedAt?: number;
  readonly ttlMs?: number;
  readonly seenAtMs?: number;
  /** Where it does not come fresh. */
  readonly state?: OrderState;
};
const body = (id: string, fields: object): string => JSON.stringify({ id, ...fields });

/** The choice among signals s1, s2, … of an account that holds one position, read after they came. */
function chosen(given: readonly Given[], read = { stale: false, refreshedAtMs: NOW }) {
  const line = createLine();
  for (const [index, one] of given.entries()) {
    const { body: text, acceptedAt = NOW, ttlMs = 500, seenAtMs = NOW, state } = one;
    const entry = `${index + 1}-0`;
    const accepted = { entry, id: `s${index + 1}`, magic: '1', body: text, acceptedAt, ttlMs };
    const order = trackOrder(accepted, seenAtMs);
    line.add(state === undefined ? order : Object.assign(order, { state }));
  }
  const holdings: Holdings = {
    positions: new Map([['7', position]]),
    orders: new Map(),
    apply: () => {},
    remember: () => {},
    ours: () => Promise.resolve(() => false),
    refresh: () => Promise.resolve(),
    catchUp: () => Promise.resolve(),
    takenBack: () => {},
    refreshedAtMs: () => read.refreshedAtMs,
  };
  const choice = choose({ host, line, holdings, symbols: SYMBOLS, stale: read.stale });
  return 'order' in choice ? { ...choice, order: choice.order.accepted.id } : choice;
}

it('begins the first that lives, and expires one whose life is over by either clock (I7)', () => {
  expect(chosen([{ body: body('s1', OPEN) }])).toMatchObject({ do: 'begin', order: 's1', attempt: 1 });
  expect(chosen([{ body: body('s1', OPEN), acceptedAt: NOW - 500 }])).toEqual({ do: 'expire', order: 's1' });
  expect(chosen([{ body: body('s1', OPEN), seenAtMs: NOW - 500 }])).toEqual({ do: 'expire', order: 's1' });
});

it('binds a close to its position and to what it has left, and reads the lists first where they may be old (I7)', () => {
  const close = (fields: object): readonly Given[] => [
    { body: body('s1', { action: 'close', symbol: 'EURUSD', position: '7', ...fields }) },
  ];
  expect(chosen(close({}))).toMatchObject({
    do: 'begin',
    command: { do: 'close', position: '7', side: 'buy', volume: '0.3' },
  });
  expect(chosen(close({ volume: '0.4' }))).toMatchObject({ reason: 'close_volume_above_position' });
  expect(chosen(close({ side: 'sell' }))).toMatchObject({ reason: 'position_not_found' });
  expect(chosen(close({}), { stale: true, refreshedAtMs: NOW })).toEqual({ do: 'look' });
  expect(chosen(close({ position: '9' }), { stale: false, refreshedAtMs: NOW - 1 })).toEqual({ do: 'look' });
});

it.each([
  ['no JSON', { body: '{' }, 'the body is no signal'],
  ['null', { body: 'null' }, 'the body is no signal'],
  ['the body of another', { body: body('s9', OPEN) }, 'the body is no signal'],
  ['an action that nobody knows', { body: body('s1', { ...OPEN, action: 'explode' }) }, 'action: "explode"'],
  ['a volume that is a number', { body: body('s1', { ...OPEN, volume: 0.1 }) }, 'volume: 0.1'],
  ['a price that is no decimal', { body: body('s1', { ...OPEN, stopLoss: '1e5' }) }, 'stopLoss: "1e5"'],
  ['no time to live', { body: body('s1', OPEN), ttlMs: Number.NaN }, 'no number'],
])('sets %s aside with its reason', (_, poison, detail) => {
  expect(chosen([poison, { body: body('s2', OPEN) }])).toEqual({
    do: 'refuse',
    order: 's1',
    reason: 'poison',
    detail: expect.stringContaining(detail) as unknown,
  });
});

it('lets other symbols pass one that waits for its symbol to trade, and none of its own', () => {
  const parked = {
    is: 'waiting',
    attempt: 2,
    refusals: 0,
    notBeforeMs: NOW + 700,
    holdsUp: 'symbol',
  } as const;
  const of = (symbols: readonly string[]) =>
    chosen(
      symbols.map((symbol, index) => ({
        body: body(`s${index + 1}`, { ...OPEN, symbol }),
        ttlMs: 60_000,
        ...(index === 0 ? { state: parked } : {}),
      })),
    );
  expect(of(['EURUSD', 'EURUSD', 'GBPUSD'])).toMatchObject({ do: 'begin', order: 's3' });
  expect(of(['EURUSD', 'EURUSD'])).toEqual({ do: 'wait', forMs: 700 });
});
