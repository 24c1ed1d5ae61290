/** zod's findings in our words: which field, what stands there, what was expected. */
import type { core } from 'zod';
import { valueText } from './configuration-error.ts';

export type FieldFault = { readonly path: readonly PropertyKey[]; readonly message: string };

/** The faults of one finding; unknown keys are one each. `keysAt` names the keys that a place takes. */
export function fieldFaults(
  issue: core.$ZodIssue,
  raw: unknown,
  keysAt: (path: readonly PropertyKey[]) => readonly string[],
): FieldFault[] {
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(issue.path).join(', ');
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      message: `unknown key, expected ${known === '' ? 'none here' : `one of: ${known}`}`,
    }));
  }
  const value = valueAt(raw, issue.path);
  const found = value === undefined ? 'missing' : `found ${valueText(issue.path, value)}`;
  return [{ path: issue.path, message: `${found}, ${expectation(issue)}` }];
}

function expectation(issue: core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${KINDS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `expected one of: ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      if (issue.minimum === 1 && issue.origin === 'string') return 'expected text that is not empty';
      if (issue.minimum === 1 && issue.origin === 'array') return 'expected at least one entry';
      return `expected ${issue.inclusive === false ? 'above' : 'at least'} ${issue.minimum}${unitOf(issue.origin)}`;
    case 'too_big':
      return `expected ${issue.inclusive === false ? 'below' : 'at most'} ${issue.maximum}${unitOf(issue.origin)}`;
    case 'invalid_format':
      return issue.format === 'url' ? 'expected a URL' : issue.message;
    default:
      return issue.message;
  }
}

const KINDS: Readonly<Record<string, string>> = {
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' ? ' entries' : '';
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  let value = raw;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Readonly<Record<PropertyKey, unknown>>)[part];
  }
  return value;
}
