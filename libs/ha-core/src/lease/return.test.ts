/** Going back to the first choice: only when it is steady, one account at a time. */
import { expect, test } from 'vitest';
import { NO_RETURN, type ReturnSeat, type ReturnState, stepReturn } from './return.ts';

const options = { steadyMs: 5000, askAgainMs: 3000 };

function play(steps: [number, readonly string[]][]): string[] {
  let state: ReturnState = NO_RETURN;
  const asked: string[] = [];
  for (const [nowMs, wanted] of steps) {
    const seats: ReturnSeat[] = ['a', 'b', 'c'].map((account) => ({
      account,
      wanted: wanted.includes(account),
    }));
    const step = stepReturn(state, seats, nowMs, options);
    state = step.state;
    if (step.ask !== undefined) asked.push(`${nowMs} ${step.ask}`);
  }
  return asked;
}

test('asks only after some seconds without a break', () => {
  const wanted = ['a'];
  expect(
    play([
      [0, wanted],
      [4999, wanted],
      [5000, []],
      [5001, wanted],
      [9000, wanted],
      [10_001, wanted],
    ]),
  ).toEqual(['10001 a']);
});

test('asks for one account at a time, the next when the first is here', () => {
  expect(
    play([
      [0, ['a', 'b']],
      [5000, ['a', 'b']],
      [5500, ['a', 'b']],
      [5600, ['b']],
      [5700, ['b']],
    ]),
  ).toEqual(['5000 a', '5600 b']);
});

test('goes on to the next when the first is not given, and asks for that again later', () => {
  const both = ['a', 'b'];
  expect(
    play([
      [0, both],
      [5000, both],
      [7999, both],
      [8000, both],
      [11_000, both],
      [13_000, both],
    ]),
  ).toEqual(['5000 a', '8000 b', '11000 a']);
});
