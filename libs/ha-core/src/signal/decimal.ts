/**
 * Decimal strings: money, prices and volumes are never floats (ARCHITECTURE section 9). A decimal is held as an
 * integer count of 10^-scale, so sums and step checks are exact.
 */
export type Decimal = { readonly units: bigint; readonly scale: number };

const FORM = /^(-?)(\d{1,15})(?:\.(\d{1,10}))?$/;

/** Parses `-12.50`; undefined for everything else: exponents, NaN, blanks, more than 15 whole or 10 decimal digits. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const decimals = match[3] ?? '';
  const units = BigInt(`${match[2]}${decimals}`);
  return { units: match[1] === '-' ? -units : units, scale: decimals.length };
}

/** Parses text that the caller has already checked. Throws a RangeError that names the text otherwise. */
export function decimal(text: string): Decimal {
  const parsed = parseDecimal(text);
  if (parsed === undefined) throw new RangeError(`not a decimal: ${JSON.stringify(text)}`);
  return parsed;
}

/** Formats without trailing zeros: 0.10 → `0.1`, 100 → `100`. */
export function formatDecimal(value: Decimal): string {
  const sign = value.units < 0n ? '-' : '';
  const digits = (value.units < 0n ? -value.units : value.units).toString().padStart(value.scale + 1, '0');
  if (value.scale === 0) return sign + digits;
  const whole = digits.slice(0, -value.scale);
  const fraction = digits.slice(-value.scale).replace(/0+$/, '');
  const text = fraction === '' ? whole : `${whole}.${fraction}`;
  return text === '0' ? '0' : sign + text;
}

function aligned(a: Decimal, b: Decimal): [bigint, bigint, number] {
  const scale = Math.max(a.scale, b.scale);
  return [a.units * 10n ** BigInt(scale - a.scale), b.units * 10n ** BigInt(scale - b.scale), scale];
}

export function addDecimals(a: Decimal, b: Decimal): Decimal {
  const [x, y, scale] = aligned(a, b);
  return { units: x + y, scale };
}

export function subtractDecimals(a: Decimal, b: Decimal): Decimal {
  const [x, y, scale] = aligned(a, b);
  return { units: x - y, scale };
}

export function multiplyDecimals(a: Decimal, b: Decimal): Decimal {
  return { units: a.units * b.units, scale: a.scale + b.scale };
}

/** Negative, zero or positive as a is below, equal to or above b. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const [x, y] = aligned(a, b);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** True when `value` is a whole multiple of `step`. Throws a RangeError for a step of zero. */
export function isMultipleOf(value: Decimal, step: Decimal): boolean {
  const [x, y] = aligned(value, step);
  if (y === 0n) throw new RangeError('a step of zero has no multiples');
  return x % y === 0n;
}
