/** Planted bugs of leadership and of the trading role: who acts, who waits, and what is told of it. */
import type { PlantedBug } from './rows.ts';

const SCENARIOS = { caughtBy: 'scenario', tests: 'tests/sim/leadership.sim.test.ts' } as const;
const TERMINALS = { caughtBy: 'unit', tests: 'apps/engine/src/terminal-side.test.ts' } as const;
const OWED = { caughtBy: 'unit', tests: 'apps/engine/src/holdings-owed.test.ts' } as const;
const HOLDINGS = 'apps/engine/src/holdings.ts';
const HAND_OVER = 'apps/engine/src/hand-over.ts';
const TERMINAL_SIDE = 'apps/engine/src/terminal-side.ts';

export const LEADERSHIP: readonly PlantedBug[] = [
  {
    breaks: 'A pause is not looked at: signals are sent while a person holds the account still',
    file: 'apps/engine/src/account.ts',
    find: '!paused && !options.held() && !draining',
    replace: '!paused && !draining',
    also: [{ file: 'apps/engine/src/account.ts', find: '      !options.held() &&\n', replace: '' }],
    ...SCENARIOS,
    says: 'a pause outlives its engine',
  },
  {
    breaks: 'A paused account is moved back to its first choice',
    file: HAND_OVER,
    find: " || seat.pause() !== ''",
    replace: '',
    ...SCENARIOS,
    says: 'a pause outlives its engine',
  },
  {
    breaks: 'An account is moved back although a person chose its engine',
    file: HAND_OVER,
    find: 'seat.chosen || ',
    replace: '',
    ...SCENARIOS,
    says: 'a switchover loses nothing',
  },
  {
    breaks: 'I10: a Redis that cannot be read counts as a beat that stands still: engines take turns',
    file: 'libs/ha-core/src/lease/lease.ts',
    find: 'return { state: { ...state, changedAtMs: nowMs, row: undefined }, effects: [] };',
    replace: 'return { state, effects: [] };',
    ...SCENARIOS,
    says: 'does not make engines take turns',
  },
  {
    breaks: 'I3: a terminal that did not answer its fence is not fenced again',
    file: TERMINAL_SIDE,
    find: '    fenceOthers();\n',
    replace: '',
    ...TERMINALS,
    says: 'fences a terminal again',
  },
  {
    breaks: 'I3: another terminal gets the trading role before the one that had it is fenced',
    file: TERMINAL_SIDE,
    find: 'role === terminal ? undefined : others,',
    replace: 'undefined,',
    ...TERMINALS,
    says: 'waits for the terminal that had the role',
  },
  {
    breaks: 'I5: what was in flight at a terminal that is gone stays without an answer',
    file: TERMINAL_SIDE,
    find: 'if (ready !== undefined) void givenAway(ready);',
    replace: '',
    ...TERMINALS,
    says: 'asks about what was in flight',
  },
  {
    breaks: 'I9: what the terminal lists is in force, and Redis is never told',
    file: HOLDINGS,
    find: '      owed.set(owedName(change), change);\n',
    replace: '',
    ...OWED,
    says: 'has what it has read in force',
  },
  {
    breaks: 'I8: what became of a working order is forgotten when Redis did not take it at once',
    file: HOLDINGS,
    find: 'if (before) ended.set(change.key, { order: before, untilMs: startedMs + ENDED_WITHIN_MS });',
    replace: 'if (before) owed.set(owedName(change), change);',
    ...OWED,
    says: 'owes what Redis did not take',
  },
];
