/** The life of an order: what may follow what, every return code, and that unknown is never sent again (I4-I7). */
import { describe, expect, it } from 'vitest';
import { commandId, type Intent } from './intent.ts';
import { stepOrder } from './order.ts';
import type { Execution, OrderEvent, OrderState } from './order-state.ts';
import { checkResolution } from './resolution.ts';
import { RETURN_CODES } from './return-codes.ts';
import { LIMITS } from '../constants.ts';

const intent = (
  attempt = 1,
  refusals = 0,
  command: Intent['command'] = { do: 'deal', symbol: 'EURUSD', side: 'buy', volume: '0.1' },
): Intent => ({
  commandId: commandId('s1', attempt),
  signalId: 's1',
  attempt,
  refusals,
  magic: '77',
  comment: 'hf-x',
  command,
  terminal: 'terminal-1',
  journal: 'j1',
  boot: 'b1',
  epoch: 3,
  at: 0,
});
const execution = (retcode: number, more: Partial<Execution> = {}): Execution => ({
  retcode,
  order: '5',
  deal: '6',
  position: '5',
  volume: '0.1',
  price: '1.1',
  text: '',
  at: 0,
  ...more,
});
const waiting: OrderState = {
  is: 'waiting',
  attempt: 1,
  refusals: 0,
  notBeforeMs: 0,
  holdsUp: 'account',
};
const sent: OrderState = { is: 'sent', intent: intent() };
const asking: OrderState = { is: 'asking', intent: intent() };

function play(start: OrderState, ...events: OrderEvent[]) {
  let state = start;
  const effects: string[] = [];
  for (const event of events) {
    const step = stepOrder(state, event, 1000);
    state = step.state;
    for (const effect of step.effects) {
      effects.push(
        effect.do === 'finish' ? `finish ${effect.ending.outcome} ${effect.ending.reason}` : effect.do,
      );
    }
  }
  return { state, effects };
}

describe('the life of an order', () => {
  it('sends only after the intent is durable (I4)', () => {
    const begun = play(waiting, { is: 'begin', intent: intent() });
    expect(begun.effects).toEqual(['write_intent']);
    expect(play(begun.state, { is: 'result', execution: execution(10009), lifeMs: 1 }).effects).toEqual([]);
    expect(play(begun.state, { is: 'intent_durable', lifeMs: 500 }).effects).toEqual(['send']);
  });

  it('does not send when its life ended while the intent was written (I7)', () => {
    const { effects } = play(waiting, { is: 'begin', intent: intent() }, { is: 'intent_durable', lifeMs: 0 });
    expect(effects).toEqual(['write_intent', 'finish expired ttl_passed']);
  });

  it.each(Object.entries(RETURN_CODES))('return code %s follows its class', (code, row) => {
    const result: OrderEvent = { is: 'result', execution: execution(Number(code)), lifeMs: 60_000 };
    const { state, effects } = play(sent, result);
    const seen = state.is === 'waiting' ? [`again as ${state.attempt}`, ...effects] : effects;
    const final = `finish rejected broker_${row.name}`;
    const wanted = {
      ok: code === '10010' ? ['finish partly_filled executed'] : ['finish filled executed'],
      ambiguous: ['write_unknown', 'look_up'],
      no: row.next === 'final' ? [final] : ['again as 2'],
      goal: [final],
    };
    const also = {
      read_again: ['read_lists'],
      not_tradable: ['not_tradable'],
      final: [],
      again: [],
      back_off: [],
      park: [],
    };
    const alert = row.alert ? ['alert'] : [];
    expect(seen).toEqual([...wanted[row.class], ...also[row.next], ...alert]);
  });

  it('treats a return code that nobody knows as unknown (I5)', () => {
    expect(play(sent, { is: 'result', execution: execution(12345), lifeMs: 1 }).state.is).toBe('unknown');
  });

  it('ends a retried order after the last attempt, and when its life is over', () => {
    const last: OrderState = { is: 'sent', intent: intent(9, LIMITS.attemptsMax - 1) };
    expect(play(last, { is: 'result', execution: execution(10004), lifeMs: 60_000 }).effects).toEqual([
      'finish rejected broker_requote',
    ]);
    expect(play(sent, { is: 'result', execution: execution(10004), lifeMs: 50 }).effects).toEqual([
      'finish expired ttl_passed',
    ]);
  });

  const after = (retcode: number, attempt: number, refusals: number, lifeMs: number) =>
    play(
      { is: 'sent', intent: intent(attempt, refusals) },
      { is: 'result', execution: execution(retcode), lifeMs },
    );

  it('parks what cannot be traded now, apart from other symbols, and asks once more before its life ends', () => {
    const parked = (attempt: number, lifeMs: number) => after(10018, attempt, 0, lifeMs).state;
    expect(parked(1, 60_000)).toMatchObject({ notBeforeMs: 1100, refusals: 0, holdsUp: 'symbol' });
    expect(parked(30, 3_600_000)).toMatchObject({ notBeforeMs: 1000 + LIMITS.parkedPauseMsMax });
    expect(parked(30, 40_000)).toMatchObject({ notBeforeMs: 1000 + 20_000 });
    expect(parked(30, 150)).toMatchObject({ notBeforeMs: 1000 + LIMITS.attemptPauseMs });
    const step = stepOrder(sent, { is: 'result', execution: execution(10018), lifeMs: 100 }, 1000);
    expect(step.state).toMatchObject({
      is: 'finishing',
      ending: { outcome: 'expired', reason: 'ttl_passed', detail: 'broker_market_closed' },
    });
  });

  it('waits longer each time the broker counts too many requests, and not for ever', () => {
    const pauses = [0, 1, 2, 3].map((refusals) => after(10024, 1 + refusals, refusals, 60_000).state);
    expect(pauses.map((state) => state.is === 'waiting' && state.notBeforeMs - 1000)).toEqual([
      1000, 2000, 4000, 8000,
    ]);
    expect(pauses[0]).toMatchObject({ holdsUp: 'account' });
    expect(after(10024, 5, 4, 60_000).effects).toEqual(['finish rejected broker_too_many_requests']);
  });

  it('does not count it where the terminal must not trade', () => {
    expect(after(10027, 9, 0, 60_000)).toMatchObject({
      state: { is: 'waiting', attempt: 10, refusals: 0 },
      effects: ['not_tradable', 'alert'],
    });
  });

  it('does not count what never reached the broker: it waits for a terminal as long as it lives', () => {
    const often: OrderState = { is: 'sent', intent: intent(50) };
    const refused = (lifeMs: number): OrderEvent => ({ is: 'refused', reason: 'no_broker', lifeMs });
    expect(play(often, refused(60_000)).state).toEqual({
      is: 'waiting',
      attempt: 51,
      refusals: 0,
      notBeforeMs: 1000 + LIMITS.lookUpEveryMsMax,
      holdsUp: 'account',
    });
    expect(play(often, refused(100)).effects).toEqual(['finish expired ttl_passed']);
  });

  it('looks up a yes that names no deal', () => {
    expect(
      play(sent, { is: 'result', execution: execution(10009, { deal: '0' }), lifeMs: 1 }).effects,
    ).toEqual(['write_unknown', 'look_up']);
  });

  it('calls a smaller fill partly filled', () => {
    const part = execution(10009, { volume: '0.05' });
    expect(play(sent, { is: 'result', execution: part, lifeMs: 1 }).effects).toEqual([
      'finish partly_filled executed',
    ]);
  });

  describe('after a takeover or a lost session', () => {
    const answer = (evidence: (OrderEvent & { is: 'answer' })['answer'], lifeMs = 60_000): OrderEvent => ({
      is: 'answer',
      answer: evidence,
      lifeMs,
    });

    it('sends again only what the very journal never saw (I5)', () => {
      expect(play(asking, answer({ state: 'never', sameJournal: true })).state).toMatchObject({
        is: 'waiting',
        attempt: 2,
      });
      expect(play(asking, answer({ state: 'never', sameJournal: false })).state.is).toBe('unknown');
    });

    it('does not send again what never arrived when its life is over (I7)', () => {
      expect(play(asking, answer({ state: 'never', sameJournal: true }, 0)).effects).toEqual([
        'finish expired ttl_passed',
      ]);
    });

    it('adopts a result and treats an intent without one as unknown', () => {
      expect(play(asking, answer({ state: 'result', execution: execution(10009) })).effects).toEqual([
        'finish filled executed',
      ]);
      expect(play(asking, answer({ state: 'intent' })).effects).toEqual(['write_unknown', 'look_up']);
    });
  });

  describe('unknown', () => {
    const lost = play(sent, { is: 'result', execution: execution(10012), lifeMs: 60_000 }).state;

    it('never sends, whatever is not found and however often (I5)', () => {
      const nothing: OrderEvent = { is: 'evidence', execution: undefined, certainNo: undefined };
      const { state, effects } = play(lost, ...Array.from({ length: 500 }, () => nothing));
      expect(state.is).toBe('unknown');
      expect(new Set(effects)).toEqual(new Set(['look_up']));
    });

    it('ends by proof of execution, or by proof of none', () => {
      expect(
        play(lost, { is: 'evidence', execution: execution(10009), certainNo: undefined }).effects,
      ).toEqual(['finish filled found_at_broker']);
      expect(play(lost, { is: 'evidence', execution: undefined, certainNo: 'rejected' }).effects).toEqual([
        'finish rejected found_at_broker',
      ]);
    });

    it('ends by what a person says, with who and why in the one result; nothing else ends so (I6)', () => {
      const resolution = { said: 'rejected', by: 'ann', reason: 'not in the terminal' } as const;
      const step = stepOrder(lost, { is: 'resolved', resolution }, 1000);
      expect(step.effects).toEqual([
        {
          do: 'finish',
          ending: {
            outcome: 'resolved',
            reason: 'person',
            detail: 'rejected, says ann: not in the terminal',
            resolution,
          },
          intent: intent(),
        },
      ]);
      expect(play(step.state, { is: 'result', execution: execution(10009), lifeMs: 1 }).effects).toEqual([]);
      for (const state of [waiting, sent, asking])
        expect(play(state, { is: 'resolved', resolution })).toEqual({ state, effects: [] });
    });

    it('takes from a person only what can have become of the command', () => {
      expect(checkResolution(intent().command, 'filled')).toEqual({ is: 'outcome', outcome: 'filled' });
      expect(checkResolution({ do: 'cancel', symbol: 'EURUSD', order: '1' }, 'filled')).toEqual({
        is: 'wrong',
        expected: 'one of done, rejected',
      });
    });

    it('is not changed by a second ambiguous answer', () => {
      expect(play(lost, { is: 'result', execution: execution(10031), lifeMs: 1 }).state).toEqual(lost);
    });
  });

  it('keeps its ending (I6)', () => {
    const done = play(sent, { is: 'result', execution: execution(10009), lifeMs: 1 }).state;
    expect(
      play(done, { is: 'result', execution: execution(10006), lifeMs: 1 }, { is: 'expired' }).effects,
    ).toEqual([]);
  });
});
