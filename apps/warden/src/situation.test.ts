/** Who counts as the primary, and which primary lacks what was acknowledged since (I1). */
import type { InSyncRecord } from '@holdfast/ha-core';
import { expect, it } from 'vitest';
import type { NodeWatch } from './node-watch.ts';
import { createSituation, type Situation } from './situation.ts';
import { fakeWatch } from './testing/fake-watch.ts';

type Is = 'primary' | 'replica';
type Answer = { readonly is: Is; readonly record: InSyncRecord; readonly sentAtMs: number };

const NAMES = ['a:1', 'b:1', 'c:1'] as const;
type Name = (typeof NAMES)[number];

const record = (term: number, change: number, primary: Name, members: readonly Name[]): InSyncRecord => ({
  term,
  change,
  primary,
  members,
  writes: 0,
});
/** `a` is the primary of term 1, with both others in its set. */
const FIRST = record(1, 2, 'a:1', ['b:1', 'c:1']);
/** `b` was promoted and has claimed. */
const SECOND = record(2, 1, 'b:1', ['c:1']);

/** Three nodes; what each answered last, and to a question of when. */
function scene() {
  let nowMs = 1000;
  const answers = new Map<Name, Answer>();
  const watches = NAMES.map(
    (name): NodeWatch =>
      fakeWatch(name, {
        seen: () => {
          const answer = answers.get(name);
          if (answer === undefined) return undefined;
          const role =
            answer.is === 'primary'
              ? ({ is: 'primary', offset: 0, replicas: [] } as const)
              : ({ is: 'replica', of: 'a:1', link: 'connected', offset: 0 } as const);
          return { role, record: answer.record, sentAtMs: answer.sentAtMs, atMs: answer.sentAtMs };
        },
      }),
  );
  const told: string[] = [];
  const situation: Situation = createSituation(
    watches,
    () => nowMs,
    (event) => told.push(event),
  );
  const watch = (name: Name): NodeWatch => {
    const found = watches.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no ${name}`);
    return found;
  };
  return {
    situation,
    told,
    watch,
    pass: (ms: number): void => {
      nowMs += ms;
    },
    /** Asked now, or `agoMs` before. */
    says: (name: Name, is: Is, its: InSyncRecord, agoMs = 0): void => {
      answers.set(name, { is, record: its, sentAtMs: nowMs - agoMs });
      situation.present();
    },
    silent: (name: Name): void => {
      answers.delete(name);
    },
  };
}

it('a primary whose term is over lacks what came since, and its successor does not', () => {
  const { situation, says, watch, pass } = scene();
  says('a:1', 'primary', FIRST);
  says('b:1', 'primary', SECOND);
  says('c:1', 'replica', SECOND);
  pass(10);
  says('a:1', 'primary', FIRST);
  expect([situation.lacks(watch('a:1')), situation.lacks(watch('b:1'))]).toEqual([true, false]);
  expect(situation.present()?.name).toBe('b:1');
});

it('an answer that is older than what is known of another node proves nothing', () => {
  const { situation, says, watch, pass } = scene();
  says('b:1', 'primary', FIRST);
  pass(10);
  // It has been claimed since it answered; its replica was asked later.
  says('c:1', 'replica', SECOND);
  expect(situation.lacks(watch('b:1'))).toBe(false);
  says('b:1', 'primary', FIRST);
  expect(situation.lacks(watch('b:1'))).toBe(true);
});

it('a node that left the set before it was promoted is passed over', () => {
  const { situation, says, watch, pass } = scene();
  const shrunk = record(1, 3, 'a:1', ['c:1']);
  says('a:1', 'primary', shrunk);
  says('c:1', 'replica', shrunk);
  pass(10);
  says('b:1', 'primary', FIRST);
  expect(situation.present()?.name).toBe('a:1');
  expect([situation.isOutdated(watch('b:1')), situation.lacks(watch('b:1'))]).toEqual([true, true]);
});

it('one that is no member of the set in its own record is passed over, whatever else is known', () => {
  const { situation, says, watch } = scene();
  says('a:1', 'primary', record(1, 3, 'b:1', ['c:1']));
  expect([situation.present(), situation.isOutdated(watch('a:1'))]).toEqual([undefined, true]);
});

it('a node that was promoted stands above the old primary for as long as it is one', () => {
  const { situation, says, pass } = scene();
  says('a:1', 'primary', FIRST);
  says('b:1', 'primary', FIRST);
  expect([situation.present()?.name, situation.rank()]).toEqual(['b:1', 1.5]);
  pass(10);
  says('b:1', 'replica', FIRST);
  expect([situation.present()?.name, situation.rank()]).toEqual(['a:1', 1]);
});

it('a term is given up that has vanished from every node, when all of them have said so for a while', () => {
  const { situation, says, silent, pass, told } = scene();
  says('b:1', 'primary', SECOND);
  says('c:1', 'replica', SECOND);
  silent('b:1');
  says('a:1', 'primary', FIRST);
  says('c:1', 'replica', FIRST);
  pass(1000);
  // Who does not answer may have it.
  expect([situation.newestTerm(), situation.present()]).toEqual([2, undefined]);
  says('b:1', 'replica', FIRST);
  pass(200);
  expect(situation.newestTerm()).toBe(2);
  pass(200);
  expect([situation.newestTerm(), situation.present()?.name, told]).toEqual([1, 'a:1', ['newest_gone']]);
});

it('one that its own record has left out leads where that was decided, and only with that record', () => {
  const { situation, says, watch } = scene();
  const leftOut = record(1, 3, 'b:1', ['c:1']);
  says('a:1', 'replica', leftOut);
  situation.letLead('a:1');
  says('a:1', 'primary', leftOut);
  expect(situation.present()?.name).toBe('a:1');
  expect([situation.isOutdated(watch('a:1')), situation.lacks(watch('a:1'))]).toEqual([false, false]);
  says('a:1', 'primary', record(1, 4, 'b:1', ['c:1']));
  expect([situation.present(), situation.lacks(watch('a:1'))]).toEqual([undefined, true]);
});
