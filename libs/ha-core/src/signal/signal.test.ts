/** Signals: every wrong field by name, what makes two the same (I2), and exact decimals. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addDecimals,
  compareDecimals,
  decimal,
  formatDecimal,
  isMultipleOf,
  parseDecimal,
  subtractDecimals,
} from './decimal.ts';
import { signalComment, signalDigest, signalMagic } from './identity.ts';
import { parseSignal, type Signal } from './signal.ts';

const open = { id: 'a1', action: 'open', symbol: 'EURUSD', side: 'buy', volume: '0.10' };
const wrong = (body: unknown): string[] => {
  const parsed = parseSignal(body);
  return parsed.is === 'refused' ? parsed.errors.map((error) => error.field) : [];
};

describe('signal schema', () => {
  it.each([
    ['no id', { ...open, id: undefined }, 'id'],
    ['an id with a blank', { ...open, id: 'a b' }, 'id'],
    ['an id of 65 characters', { ...open, id: 'a'.repeat(65) }, 'id'],
    ['another action', { ...open, action: 'hold' }, 'action'],
    ['a symbol with a slash', { ...open, symbol: 'EUR/USD' }, 'symbol'],
    ['an open without side', { ...open, side: undefined }, 'side'],
    ['an open without volume', { ...open, volume: undefined }, 'volume'],
    ['a volume that is a number', { ...open, volume: 0.1 }, 'volume'],
    ['a volume that is NaN', { ...open, volume: 'NaN' }, 'volume'],
    ['a volume in exponents', { ...open, volume: '1e-2' }, 'volume'],
    ['a volume of zero', { ...open, volume: '0.00' }, 'volume'],
    ['a negative volume', { ...open, volume: '-1' }, 'volume'],
    ['a limit order without a price', { ...open, type: 'limit' }, 'price'],
    ['a market order with a price', { ...open, price: '1.1' }, 'price'],
    ['a time to live of zero', { ...open, ttlMs: 0 }, 'ttlMs'],
    ['a field that does not exist', { ...open, sl: '1.1' }, 'sl'],
    ['a position with an open', { ...open, position: '5' }, 'position'],
    ['a cancel without an order', { id: 'a', action: 'cancel', symbol: 'EURUSD' }, 'order'],
    ['a modify of nothing', { id: 'a', action: 'modify', symbol: 'EURUSD', stopLoss: '1.1' }, 'position'],
    ['a modify without a change', { id: 'a', action: 'modify', symbol: 'EURUSD', position: '5' }, 'stopLoss'],
    ['a ticket that is a number', { id: 'a', action: 'close', symbol: 'EURUSD', position: 5 }, 'position'],
    ['two kinds of stop', { ...open, stopLoss: '1.1', stopLossPoints: 10 }, 'stopLossPoints'],
    ['a text', 'buy', '(body)'],
    ['a list', [], '(body)'],
  ])('%s is refused by name', (_, body, field) => {
    expect(wrong(body)).toContain(field);
  });

  it('names the value and what was expected', () => {
    const parsed = parseSignal({ ...open, volume: 'NaN' });
    expect(parsed).toMatchObject({
      is: 'refused',
      errors: [{ field: 'volume', value: '"NaN"', expected: expect.stringContaining('decimal string') }],
    });
  });

  it.each([
    open,
    { ...open, type: 'limit', price: '1.07', stopLoss: '1.06', takeProfit: '1.08', ttlMs: 5000 },
    { id: 'c', action: 'close', symbol: 'EURUSD' },
    { id: 'c', action: 'close', symbol: 'EURUSD', position: '12', volume: '0.01' },
    { id: 'm', action: 'modify', symbol: 'EURUSD', order: '12', price: '1.1' },
    { id: 'x', action: 'cancel', symbol: 'EURUSD', order: '12' },
  ])('takes %j', (body) => {
    expect(wrong(body)).toEqual([]);
  });
});

describe('identity (I2)', () => {
  const signal = open as Signal;

  it('does not depend on the order of fields, but on every value', () => {
    const turned = Object.fromEntries(Object.entries(signal).reverse()) as Signal;
    expect(signalDigest(turned)).toBe(signalDigest(signal));
    expect(signalDigest({ ...signal, volume: '0.11' })).not.toBe(signalDigest(signal));
  });

  it('gives each account and id a magic of at most 53 bits, never 0, and a comment of at most 26 ASCII characters', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (account, id) => {
        const magic = BigInt(signalMagic(account, id));
        expect(magic > 0n && magic < 2n ** 53n).toBe(true);
        expect(signalComment(magic.toString())).toMatch(/^[\x20-\x7e]{1,26}$/);
      }),
    );
    expect(signalMagic('a', 'bc')).not.toBe(signalMagic('ab', 'c'));
  });
});

describe('decimals', () => {
  const any = fc
    .tuple(fc.bigInt(-(10n ** 14n), 10n ** 14n), fc.integer({ min: 0, max: 8 }))
    .map(([units, scale]) => ({ units, scale }));

  it('survive formatting, and add up exactly', () => {
    fc.assert(
      fc.property(any, any, (a, b) => {
        expect(compareDecimals(decimal(formatDecimal(a)), a)).toBe(0);
        expect(compareDecimals(subtractDecimals(addDecimals(a, b), b), a)).toBe(0);
      }),
    );
  });

  it('know multiples where floats do not', () => {
    expect(isMultipleOf(decimal('0.3'), decimal('0.1'))).toBe(true);
    expect(isMultipleOf(decimal('0.35'), decimal('0.1'))).toBe(false);
    expect(() => isMultipleOf(decimal('1'), decimal('0'))).toThrow(RangeError);
  });

  it.each(['', '.5', '1.', '1e5', 'NaN', 'Infinity', ' 1', '0x10', '1,5', '--1'])('refuse %j', (text) => {
    expect(parseDecimal(text)).toBeUndefined();
  });
});
