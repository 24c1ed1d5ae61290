/** One warden gets the majority, whoever begins first, and no two of them. */
import type { Host } from '@holdfast/ha-core';
import { describe, expect, it } from 'vitest';
import { type Agreement, createAgreement } from './agreement.ts';

const WARDENS = ['warden-1', 'warden-2', 'warden-3'];

type Panel = {
  readonly agreements: readonly Agreement[];
  readonly propose: (index: number) => Promise<boolean>;
  readonly suspect: (index: number, primary: string | undefined) => void;
  readonly pass: (ms: number) => void;
};

/** Three wardens that all suspect `a`, with links on which every question is answered at once, but for those cut off. */
function panel(cut: readonly number[] = []): Panel {
  let nowMs = 1000;
  const host = { monotonicMs: () => nowMs } as Host;
  const suspected: (string | undefined)[] = ['a', 'a', 'a'];
  const agreements = WARDENS.map((name, index) =>
    createAgreement({ host, name, wardens: WARDENS, suspected: () => suspected[index] }),
  );
  return {
    agreements,
    suspect: (index, primary) => {
      suspected[index] = primary;
    },
    pass: (ms) => {
      nowMs += ms;
    },
    propose: async (index) => {
      const own = agreements[index];
      if (own === undefined) throw new Error('no such warden');
      const others = agreements.filter((_, other) => other !== index && !cut.includes(other));
      return own.propose('a', {
        ask: (primary) =>
          Promise.resolve(
            others
              .filter((other) => other.asked(WARDENS[index] ?? '', primary))
              .map((other) => WARDENS[agreements.indexOf(other)] ?? ''),
          ),
      });
    },
  };
}

describe('a majority', () => {
  it('is there for the first that asks, and then for nobody else', async () => {
    const { propose } = panel();
    expect(await propose(1)).toBe(true);
    expect(await propose(0)).toBe(false);
    expect(await propose(2)).toBe(false);
  });

  it('is not there while only one suspects the primary', async () => {
    const { propose, suspect } = panel();
    suspect(0, undefined);
    suspect(1, undefined);
    expect(await propose(2)).toBe(false);
    suspect(1, 'a');
    expect(await propose(2)).toBe(true);
  });

  it('is not there for who is cut off from the others', async () => {
    const { propose } = panel([1, 2]);
    expect(await propose(0)).toBe(false);
  });

  it('goes to the one that stands first when two that are alone began at the same time', async () => {
    const { propose, agreements } = panel([2]);
    // Both have voted for themselves before either asked the other.
    agreements[0]?.asked('warden-1', 'a');
    agreements[1]?.asked('warden-2', 'a');
    expect(await propose(1)).toBe(false);
    expect(await propose(0)).toBe(true);
  });

  it('can be had anew when the first had its time', async () => {
    const { propose, pass } = panel();
    expect(await propose(0)).toBe(true);
    pass(1600);
    expect(await propose(2)).toBe(true);
  });
});
