/** The codec: what it writes it reads, and what two readers could read differently it refuses. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeLine, encodeLine, FIELDS_MAX, LINE_MAX } from './codec.ts';

const key = fc.stringMatching(/^[a-z][a-z0-9_]{0,31}$/);
const fields = fc.dictionary(key, fc.string({ unit: 'grapheme', maxLength: 30 }), { maxKeys: 12 });
const verb = fc.stringMatching(/^[A-Z]{1,16}$/);

test('every line that is written is read back, whatever its values hold', () => {
  fc.assert(
    fc.property(verb, fields, (name, values) => {
      fc.pre(JSON.stringify(values).length < 1000);
      const text = encodeLine(name, values);
      expect(text).toMatch(/^[\x20-\x7e]+$/);
      const decoded = decodeLine(text);
      const read =
        decoded.is === 'line' ? { verb: decoded.line.verb, fields: { ...decoded.line.fields } } : decoded;
      expect(read).toEqual({ verb: name, fields: { ...values } });
    }),
  );
});

test('a line that is read is written back as it was: each has one spelling', () => {
  const soup = fc.string({ unit: fc.constantFrom(...Array.from('ABZ ab=%2F0xéz_|~')), maxLength: 60 });
  fc.assert(
    fc.property(fc.oneof(soup, fc.string()), (text) => {
      const decoded = decodeLine(text);
      const again = decoded.is === 'line' ? encodeLine(decoded.line.verb, decoded.line.fields) : text;
      expect(again).toBe(text);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['', 'not a verb'],
  ['hello a=1', 'not a verb'],
  ['STATE  a=1', 'has no "="'],
  ['STATE a', 'has no "="'],
  ['STATE A=1', 'not a key'],
  ['STATE a=1 a=2', 'a twice'],
  ['STATE a=1=2', 'percent-encoded'],
  ['STATE a=%2f', 'percent-encoded'],
  ['STATE a=%41', 'percent-encoded'],
  ['STATE a=%FF', 'percent-encoded'],
  ['STATE a=%2', 'percent-encoded'],
  ['STATE a=b ', 'has no "="'],
  [`STATE a=${'x'.repeat(LINE_MAX)}`, `more than ${LINE_MAX}`],
  [
    `STATE${Array.from({ length: FIELDS_MAX + 1 }, (_, at) => ` k${at}=`).join('')}`,
    `more than ${FIELDS_MAX}`,
  ],
])('%j is refused and says why', (text, why) => {
  const decoded = decodeLine(text);
  expect(decoded.is === 'bad' ? decoded.why : 'taken').toContain(why);
});

test('a key from the object prototype is a key like others', () => {
  expect(decodeLine('STATE constructor=1').is).toBe('line');
  expect(decodeLine('STATE __proto__=1').is).toBe('bad');
});

test('what no peer would take is not written', () => {
  expect(() => encodeLine('state', {})).toThrow('not a verb');
  expect(() => encodeLine('STATE', { 'a b': '' })).toThrow('not a key');
  expect(() => encodeLine('STATE', { a: 'é'.repeat(1000) })).toThrow('characters long');
  expect(encodeLine('STATE', { a: undefined, b: '' })).toBe('STATE b=');
});
