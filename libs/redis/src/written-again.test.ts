/** What was acknowledged in the last seconds is remembered, and what turns out to be missing is told. */
import { expect, it } from 'vitest';
import type { FunctionCall } from './writes.ts';
import { createWrittenAgain, wasMissing } from './written-again.ts';

const call = (id: string): FunctionCall => ({
  name: 'hf_accept',
  keys: [],
  args: [id],
  knownBefore: (reply) => Array.isArray(reply) && reply[0] === 'repeat',
});

it('remembers the calls of the last seconds, the oldest first, and only those that can tell', () => {
  const again = createWrittenAgain();
  again.remember(call('old'), 0);
  again.remember({ name: 'hf_mark', keys: [], args: [] }, 9000);
  again.remember(call('one'), 9000);
  again.remember(call('two'), 9100);
  expect(again.recent(10_000).map(({ args }) => args[0])).toEqual(['one', 'two']);
});

it('does not grow with what is older than that', () => {
  const again = createWrittenAgain();
  for (let at = 0; at < 200_000; at += 1) again.remember(call(String(at)), at);
  expect(again.recent(200_000).length).toBeLessThanOrEqual(5001);
});

it('tells a call whose repeat was the first', () => {
  expect(wasMissing(call('one'), ['accepted', '1', '1-0'])).toBe(true);
  expect(wasMissing(call('one'), ['repeat', 'accepted', '1', ''])).toBe(false);
});
