/**
 * Which account goes back to the engine that is its first choice, after that engine was away (ARCHITECTURE section 6). Pure.
 *
 * The engine asks for one account at a time, and only once it has been able to lead it for some seconds without a break:
 * an engine that comes and goes must not pull accounts to and fro. The holder decides, and hands over as in any planned
 * change, so nothing waits for a lease time.
 */
export type ReturnSeat = {
  readonly account: string;
  /** Led by another engine that can be asked, while this one is the first choice and could lead it now. */
  readonly wanted: boolean;
};

export type ReturnState = {
  /** Since when each account could have been led here without a break. */
  readonly since: ReadonlyMap<string, number>;
  readonly asked: { readonly account: string; readonly atMs: number } | undefined;
};

export type ReturnOptions = {
  /** So long an engine must have been able to lead before it asks. */
  readonly steadyMs: number;
  /** So long the answer to one question is waited for before another is asked. */
  readonly askAgainMs: number;
};

export const NO_RETURN: ReturnState = { since: new Map(), asked: undefined };

/** What is wanted now, at `nowMs` of the host's monotonic clock; `ask` is the account to ask for, if any. */
export function stepReturn(
  state: ReturnState,
  seats: readonly ReturnSeat[],
  nowMs: number,
  options: ReturnOptions,
): { readonly state: ReturnState; readonly ask: string | undefined } {
  const wanted = seats.filter((seat) => seat.wanted);
  const since = new Map(wanted.map(({ account }) => [account, state.since.get(account) ?? nowMs]));
  const open =
    state.asked !== undefined &&
    since.has(state.asked.account) &&
    nowMs - state.asked.atMs < options.askAgainMs;
  if (open) return { state: { since, asked: state.asked }, ask: undefined };
  // The one that was asked for last comes after the others: a holder that refuses it holds nothing else up.
  const steady = wanted.filter(({ account }) => nowMs - (since.get(account) ?? nowMs) >= options.steadyMs);
  const next = steady.find(({ account }) => account !== state.asked?.account) ?? steady[0];
  if (next === undefined) return { state: { since, asked: undefined }, ask: undefined };
  // Anew from here: a refused one is asked for again after as long a time.
  since.set(next.account, nowMs);
  return { state: { since, asked: { account: next.account, atMs: nowMs } }, ask: next.account };
}
