/** Planted bugs around what the broker does by itself: logins, tickets, clocks, deals that it takes back, what it answers. */
import type { PlantedBug } from './rows.ts';

const RUN = 'tools/mt5-sim/src/terminal/command-run.ts';
const TERMINAL = 'tools/mt5-sim/src/terminal/terminal.ts';
const HOLDINGS = 'apps/engine/src/holdings.ts';
const READER = 'apps/engine/src/deal-reader.ts';
const RULES = 'tools/mt5-sim/src/terminal/rules.test.ts';

export const BROKER: readonly PlantedBug[] = [
  {
    breaks: 'I3: a terminal that is logged in as another account goes on to send',
    file: RUN,
    find: 'broker.connection().connected && options.isSameLogin()',
    replace: 'broker.connection().connected',
    also: [
      {
        file: TERMINAL,
        find: 'if (!isSameLogin()) return sayLogin(notice.connection.login);',
        replace: 'void sayLogin;',
      },
    ],
    caughtBy: 'engine',
    says: 'for another account',
    faults: ['terminal logged in elsewhere'],
  },
  {
    breaks: 'I3: what waits at the bridge is sent after the login has changed',
    file: TERMINAL,
    find: '    commands.loginChanged();\n',
    replace: '',
    also: [
      {
        file: 'tools/mt5-sim/src/terminal/engine-link.ts',
        find: 'if (isOver || isDeaf) return undefined;',
        replace: 'if (isOver) return undefined;',
      },
    ],
    caughtBy: 'engine',
    says: 'for another account',
    faults: ['terminal logged in elsewhere'],
  },
  {
    breaks: 'I6: nobody is told that the broker took a deal back',
    file: 'apps/engine/src/broker-records.ts',
    find: 'if (deal.cancelled !== true || signalId === undefined) return [];',
    replace: 'if (deal.cancelled !== false || signalId === undefined) return [];',
    caughtBy: 'engine',
    says: 'and nobody is told',
    faults: ['deal taken back'],
  },
  {
    breaks: 'I6: a position is told to be closed whose ticket has changed',
    file: RUN,
    find: '    return { ...reply, retcode: 10023,',
    replace: '    return { ...reply, retcode: 10036,',
    caughtBy: 'unit',
    tests: RULES,
    says: 'rule 6: a position is found by its identifier',
  },
  {
    breaks: 'I6: a deal is counted to a netted position that was closed before',
    file: 'libs/ha-core/src/reconcile/apply.ts',
    find: 'if (key === execution.position)',
    replace: "if (key !== '')",
    caughtBy: 'unit',
    tests: 'libs/ha-core/src/reconcile/reconcile.test.ts',
    says: 'takes a netted position for closed',
  },
  {
    breaks: 'I6: a list is not believed as long as results go on to change a row',
    file: 'apps/engine/src/holdings.ts',
    find: 'filter(({ untilMs }) => nowMs < untilMs)',
    replace: 'filter(({ untilMs }) => nowMs > untilMs - SETTLE_MS)',
    caughtBy: 'unit',
    tests: 'apps/engine/src/holdings-owed.test.ts',
    says: 'believes a list again after a while',
  },
  {
    breaks: 'I8: a deal from before the clock of the broker went forward is never read',
    file: READER,
    find: 'if (until === undefined || at >= until - OVERLAP_MS.soon) return;',
    replace: 'if (until === undefined || at >= 0 * OVERLAP_MS.soon) return;',
    caughtBy: 'unit',
    tests: 'apps/engine/src/holdings-owed.test.ts',
    says: 'reads back to a deal that a result named',
  },
  {
    breaks: 'I8: deals after the broker set its clock back are never read',
    file: READER,
    find: 'if (brokerMs >= untilMs - OVERLAP_MS.whole) return deals.rows;',
    replace: 'if (brokerMs >= 0 * SET_BACK_MS) return deals.rows;',
    caughtBy: 'unit',
    tests: 'apps/engine/src/holdings-owed.test.ts',
    says: 'reads an hour again',
  },
  {
    breaks: "I8: the records of an account begin by the engine's clock, hours ahead of the broker's",
    file: READER,
    find: 'const value = time ?? host.wallMs();',
    replace: 'const value = Math.max(time ?? 0, host.wallMs());',
    caughtBy: 'unit',
    tests: 'apps/engine/src/holdings-owed.test.ts',
    says: 'begins an account at the time of the broker',
  },
  {
    breaks: 'I7: a list that shows a netted position as no result left it is taken for one that lags',
    file: HOLDINGS,
    find: 'lately(change.key).some(({ state }) => state === stateOf(change.value));',
    replace: 'lately(change.key).length > 0;',
    caughtBy: 'unit',
    tests: 'apps/engine/src/holdings-owed.test.ts',
    says: 'and takes any other (netting)',
  },
];
