/**
 * Every return code and its class, written down a second time from the MQL5 reference's meaning of it: a class that is changed
 * by mistake decides whether an order is sent twice (I5).
 */
import { expect, it } from 'vitest';
import { type AfterNo, RETURN_CODES, type ReturnCodeClass, returnCode } from './return-codes.ts';

/** A certain no by what follows it; `no` where nothing does. */
const MEANING: Readonly<Record<ReturnCodeClass | Exclude<AfterNo, 'final'>, readonly number[]>> = {
  ok: [10008, 10009, 10010],
  /** May have been executed: an error or time-out on the way, a lost connection, another request on the same order. */
  ambiguous: [10011, 10012, 10028, 10031],
  /** Nothing to change; position closed already. */
  goal: [10025, 10036],
  again: [10004, 10020, 10021, 10029],
  /** An order or a close that is there already: other than was thought. */
  read_again: [10023, 10039],
  back_off: [10024],
  park: [10017, 10018],
  /** Trading by Expert Advisors is switched off, at the server or at the terminal. */
  not_tradable: [10026, 10027],
  no: [
    10006, 10007, 10013, 10014, 10015, 10016, 10019, 10022, 10030, 10032, 10033, 10034, 10035, 10038, 10040,
    10041, 10042, 10043, 10044, 10045, 10046,
  ],
};

it.each(Object.entries(MEANING).flatMap(([meaning, codes]) => codes.map((code) => [code, meaning] as const)))(
  '%i means %s',
  (code, meaning) => {
    const { class: is, next } = returnCode(code);
    expect(next === 'final' ? is : next).toBe(meaning);
    expect(next === 'final' || is === 'no').toBe(true);
  },
);

it('has no code beyond these, and takes one that nobody knows for ambiguous', () => {
  const known = Object.values(MEANING)
    .flat()
    .toSorted((a, b) => a - b);
  expect(Object.keys(RETURN_CODES).map(Number)).toEqual(known);
  for (const code of [0, 10037, 10047, 99_999]) expect(returnCode(code).class).toBe('ambiguous');
});

it('alerts where the same will happen again until a person does something', () => {
  const alerting = Object.keys(RETURN_CODES).filter((code) => returnCode(Number(code)).alert);
  expect(alerting.map(Number)).toEqual([10019, 10026, 10027, 10032, 10033, 10034, 10040]);
});
