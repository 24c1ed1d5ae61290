/** A vote goes to one candidate at a time, and only from a warden that sees the same primary gone. */
import { describe, expect, it } from 'vitest';
import { mayVote, type Vote, votesNeeded } from './vote.ts';

const request = { candidate: 'warden-1', primary: 'a' };
const given = (candidate: string): Vote => ({ candidate, primary: 'a', atMs: 1000 });

describe('a vote', () => {
  it.each([
    ['is given for a primary that is suspected here too', 'a', undefined, 1100, true],
    ['is not given for one that is seen well', undefined, undefined, 1100, false],
    ['is not given for another one than is suspected', 'b', undefined, 1100, false],
    ['is not given to a second candidate', 'a', given('warden-2'), 1100, false],
    ['is repeated for the same one', 'a', given('warden-1'), 1100, true],
    ['is given anew when the first has run out', 'a', given('warden-2'), 3000, true],
  ] as [string, string | undefined, Vote | undefined, number, boolean][])(
    '%s',
    (_, suspected, vote, nowMs, expected) => {
      expect(mayVote(request, suspected, vote, nowMs, 1500)).toBe(expected);
    },
  );
});

it('needs a majority, and never one alone', () => {
  expect([1, 2, 3, 5].map(votesNeeded)).toEqual([2, 2, 2, 3]);
});
