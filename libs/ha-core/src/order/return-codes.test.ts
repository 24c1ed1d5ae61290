/**
 * Every return code and its class, written down a second time from the MQL5 reference's meaning of it: a class that is changed
 * by mistake decides whether an order is sent twice (I5).
 */
import { expect, it } from 'vitest';
import { RETURN_CODES, type ReturnCodeClass, returnCode } from './return-codes.ts';

/** `again`: a certain no that a later attempt may turn into a yes. */
const MEANING: Readonly<Record<ReturnCodeClass | 'again', readonly number[]>> = {
  ok: [10008, 10009, 10010],
  /** May have been executed: an error or time-out on the way, a lost connection, another request on the same order. */
  ambiguous: [10011, 10012, 10028, 10031],
  /** Nothing to change; position closed already. */
  goal: [10025, 10036],
  again: [10004, 10020, 10021, 10023, 10024, 10029, 10039],
  no: [
    10006, 10007, 10013, 10014, 10015, 10016, 10017, 10018, 10019, 10022, 10026, 10027, 10030, 10032, 10033,
    10034, 10035, 10038, 10040, 10041, 10042, 10043, 10044, 10045, 10046,
  ],
};

it.each(Object.entries(MEANING).flatMap(([meaning, codes]) => codes.map((code) => [code, meaning] as const)))(
  '%i means %s',
  (code, meaning) => {
    const { class: is, retry } = returnCode(code);
    expect(retry ? 'again' : is).toBe(meaning);
    expect(retry && is !== 'no').toBe(false);
  },
);

it('has no code beyond these, and takes one that nobody knows for ambiguous', () => {
  const known = Object.values(MEANING)
    .flat()
    .toSorted((a, b) => a - b);
  expect(Object.keys(RETURN_CODES).map(Number)).toEqual(known);
  for (const code of [0, 10037, 10047, 99_999]) expect(returnCode(code).class).toBe('ambiguous');
});
