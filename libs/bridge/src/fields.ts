/**
 * Shapes of lines: which fields a verb has, of what kind, and how each is read and written. A shape gives the type
 * of the message and its parser at once, so that the two cannot part.
 */
import { parseDecimal } from '@holdfast/ha-core';

export type Kind<T> = {
  readonly expected: string;
  /** Undefined when the text is not of this kind. */
  parse(text: string): T | undefined;
  print(value: T): string;
};

export type Field<T, Required extends boolean> = {
  readonly key: string;
  readonly kind: Kind<T>;
  readonly required: Required;
};

export type Shape = Readonly<Record<string, Field<unknown, boolean>>>;

type ValueOf<F> = F extends Field<infer T, boolean> ? T : never;

/** The object that a shape reads and writes. Fields that were not sent are absent. */
export type Values<S extends Shape> = {
  readonly [Name in keyof S as S[Name] extends Field<unknown, true> ? Name : never]: ValueOf<S[Name]>;
} & {
  readonly [Name in keyof S as S[Name] extends Field<unknown, true> ? never : Name]?: ValueOf<S[Name]>;
};

export type ParsedShape<S extends Shape> =
  | { readonly is: 'values'; readonly values: Values<S> }
  | { readonly is: 'bad'; readonly why: string };

export const field = <T>(key: string, kind: Kind<T>): Field<T, true> => ({ key, kind, required: true });
export const maybe = <T>(key: string, kind: Kind<T>): Field<T, false> => ({ key, kind, required: false });

/** Text of a form, kept as it is. */
export const formed = (form: RegExp, expected: string): Kind<string> => ({
  expected,
  parse: (text) => (form.test(text) ? text : undefined),
  print: (value) => value,
});

/** Any text of at most `most` characters. */
export const text = (most: number): Kind<string> => ({
  expected: `at most ${most} characters`,
  parse: (value) => (value.length <= most ? value : undefined),
  print: (value) => value,
});

export const digits = formed(/^\d{1,20}$/, 'a string of digits');
export const hex32 = formed(/^[0-9a-f]{32}$/, '32 hex digits');
export const hex64 = formed(/^[0-9a-f]{64}$/, '64 hex digits');
export const word = formed(/^[A-Za-z0-9._:-]{1,64}$/, 'a name of at most 64 characters');
/** A signal id, `/`, an attempt. */
export const commandIdText = formed(
  /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\/\d{1,6}$/,
  'a command id: signal id, "/", attempt',
);
export const symbolText = formed(/^[A-Za-z0-9][A-Za-z0-9._#-]{0,30}$/, 'a symbol name');

export const decimalText: Kind<string> = {
  expected: 'a decimal string',
  parse: (value) => (parseDecimal(value) === undefined ? undefined : value),
  print: (value) => value,
};

/** A whole number from 0 to 2^53 - 1. */
export const count: Kind<number> = {
  expected: 'a whole number',
  parse: (value) => {
    if (!/^\d{1,16}$/.test(value)) return undefined;
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : undefined;
  },
  print: (value) => String(value),
};

export const flag: Kind<boolean> = {
  expected: '0 or 1',
  parse: (value) => (value === '1' ? true : value === '0' ? false : undefined),
  print: (value) => (value ? '1' : '0'),
};

export const oneOf = <const T extends string>(...values: readonly T[]): Kind<T> => ({
  expected: `one of ${values.join(', ')}`,
  parse: (value) => values.find((known) => known === value),
  print: (value) => value,
});

/** Reads fields by a shape; a field that is missing, of another kind, or not of the shape is named. */
export function parseShape<S extends Shape>(
  shape: S,
  fields: Readonly<Record<string, string>>,
): ParsedShape<S> {
  const values: Record<string, unknown> = {};
  let taken = 0;
  for (const name in shape) {
    const { key, kind, required } = shape[name] as Field<unknown, boolean>;
    const value = fields[key];
    if (value === undefined) {
      if (required) return { is: 'bad', why: `${key} is missing` };
      continue;
    }
    taken += 1;
    const parsed = kind.parse(value);
    if (parsed === undefined) {
      return { is: 'bad', why: `${key} is ${JSON.stringify(value.slice(0, 60))}, expected ${kind.expected}` };
    }
    values[name] = parsed;
  }
  if (taken < Object.keys(fields).length) {
    const known = new Set(Object.values(shape).map(({ key }) => key));
    const odd = Object.keys(fields).find((key) => !known.has(key));
    return { is: 'bad', why: `no such field: ${odd ?? ''}` };
  }
  return { is: 'values', values: values as Values<S> };
}

/** The fields of an object by its shape, for encodeLine. Names that are not of the shape are left out. */
export function printShape<S extends Shape>(shape: S, values: Values<S>): Record<string, string> {
  const fields: Record<string, string> = {};
  const from = values as Readonly<Record<string, unknown>>;
  for (const name in shape) {
    const value = from[name];
    if (value === undefined) continue;
    const { key, kind } = shape[name] as Field<unknown, boolean>;
    fields[key] = kind.print(value);
  }
  return fields;
}
