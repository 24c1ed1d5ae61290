/** Which terminals are shown as logged in elsewhere: those that called lately, and nothing that is out of form. */
import { expect, it } from 'vitest';
import { refusedTerminals } from './refused-terminals.ts';

const found = { login: '9001', server: 'Demo', expected: { login: '5001', server: 'Demo' }, at: 100_000 };

it('shows a terminal for a minute after it was told of last', () => {
  const instance = {
    'refused:t-1': found,
    'refused:t-2': { ...found, at: 30_000 },
    role: { terminal: 't-1' },
  };
  expect(refusedTerminals(instance, 100_000)).toEqual([{ ...found, terminal: 't-1' }]);
  expect(refusedTerminals(instance, 160_001)).toEqual([]);
});

it.each([null, 'text', { login: '1' }, { ...found, expected: undefined }])('passes over %j', (value) => {
  expect(refusedTerminals({ 'refused:t-1': value }, 0)).toEqual([]);
});
