/**
 * From the body of an alert to its fields, all as text: JSON in either content type, or the plain form
 * `buy EURUSD q=0.1 sl=200 tp=400`. Numbers keep the digits that were sent: `0.10` never becomes a float.
 */
import { type FieldError, shownValue } from '@holdfast/ha-core';
import { parseJson } from '../body.ts';
import { AlertRefused } from './alert-refused.ts';

export type AlertFields = ReadonlyMap<string, string>;

const PLACEHOLDER = /\{\{\s*[^{}]*\}\}/;
/** More fields than any alert needs; a bound on what one alert can make us do. */
const FIELDS_MAX = 40;

/** Reads a body. Throws AlertRefused with the reason. */
export function readAlert(body: string): AlertFields {
  const text = body.trim();
  const placeholder = PLACEHOLDER.exec(text);
  if (placeholder !== null) {
    throw new AlertRefused('placeholder_left', 'TradingView did not fill in a placeholder', [
      wrong('(body)', placeholder[0], 'a value in its place'),
    ]);
  }
  if (text === '')
    throw new AlertRefused('empty', 'the alert has no text', [wrong('(body)', '', 'an alert')]);
  return text.startsWith('{') || text.startsWith('[') ? readJson(text) : readText(text);
}

function wrong(field: string, value: string, expected: string): FieldError {
  return { field, value: shownValue(value), expected };
}

function readJson(text: string): AlertFields {
  const parsed = parseJson(text);
  if (parsed.is === 'malformed') {
    throw new AlertRefused('malformed_json', `the alert is not JSON: ${parsed.detail}`, [
      wrong('(body)', text, 'a JSON object'),
    ]);
  }
  // Numbers as they were written: 1.0690 stays `1.0690`.
  const exact = JSON.parse(text, ((_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' ? (context?.source ?? String(value)) : value) as (
    key: string,
    value: unknown,
  ) => unknown);
  if (Array.isArray(exact)) {
    throw new AlertRefused('not_an_object', 'the alert is a list', [
      wrong('(body)', text, 'one JSON object'),
    ]);
  }
  const entries = Object.entries(exact as Record<string, unknown>);
  if (entries.length > FIELDS_MAX) {
    throw new AlertRefused('too_many_fields', `the alert has ${entries.length} fields`, [
      wrong('(body)', String(entries.length), `at most ${FIELDS_MAX} fields`),
    ]);
  }
  const fields = new Map<string, string>();
  for (const [name, value] of entries) {
    if (value === null || value === '') continue;
    if (typeof value !== 'string' && typeof value !== 'boolean') {
      throw new AlertRefused('field_not_plain', `the field ${name} is not plain`, [
        { field: name, value: shownValue(value), expected: 'a text or a number' },
      ]);
    }
    fields.set(name.toLowerCase(), String(value).trim());
  }
  return fields;
}

const VERBS = ['buy', 'sell', 'long', 'short', 'flat', 'close'];

/** `<verb> <symbol> <name>=<value> …`; the names are the same as in JSON. */
function readText(text: string): AlertFields {
  const refuse = (found: string, expected: string): never => {
    throw new AlertRefused('text_not_understood', 'the text does not say what to trade', [
      wrong('(body)', found, expected),
    ]);
  };
  const form = `such as "buy EURUSD q=0.1 sl=1.0690": one of ${VERBS.join(', ')}, a symbol, then name=value`;
  const [verb, symbol, ...pairs] = text.split(/\s+/);
  if (verb === undefined || symbol === undefined || !VERBS.includes(verb.toLowerCase()))
    return refuse(text, form);
  const fields = new Map([
    ['action', verb],
    ['ticker', symbol],
  ]);
  if (pairs.length > FIELDS_MAX) return refuse(text, `at most ${FIELDS_MAX} fields`);
  for (const pair of pairs) {
    const [, name, value] = /^([a-z_]+)=(\S+)$/i.exec(pair) ?? [];
    if (name === undefined || value === undefined) return refuse(pair, form);
    if (fields.has(name.toLowerCase())) return refuse(pair, `${name} once`);
    fields.set(name.toLowerCase(), value);
  }
  return fields;
}
