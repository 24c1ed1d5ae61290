/** Planted bugs of leadership, of the order's life and of the bridge (I2 to I8). */
import type { Edit, PlantedBug } from './rows.ts';

const ORDER = 'libs/ha-core/src/order/order.ts';
const COMMANDS = 'tools/mt5-sim/src/terminal/commands.ts';
const TERMINAL_SIDE = 'apps/engine/src/terminal-side.ts';
const LIBRARY = 'libs/redis/functions/_library.lua';
const FENCE = 'const fenced = await session.fence(epoch, engine, true, REQUEST_DEADLINE_MS);';
/** What a terminal said of itself when it connected is taken for its answer to a fence. */
const NO_FENCE =
  "const { journal, boot } = session.identity; const fenced = session.state().epoch === '0' ? await session.fence(epoch, engine, true, REQUEST_DEADLINE_MS) : ({ is: 'fenced', epoch, holder: engine, journal, boot } as const);";
const NO_ROLE_ASKED: Edit = {
  file: COMMANDS,
  find: "if (!fence.trade || BigInt(message.epoch) > BigInt(fence.epoch)) return 'no_role';",
  replace: '',
};
const LEASE_FOR_EVER: Edit = {
  file: COMMANDS,
  find: 'const hasLease = (): boolean => tick() < leaseUntil;',
  replace: 'const hasLease = (): boolean => true;',
};
const AT_AN_INTENT = ['engine crash at an intent', 'engine freeze at an intent'];

export const ENGINE: readonly PlantedBug[] = [
  {
    breaks:
      'I1: a signal is taken for another one that an older primary gave the same entry, and is not executed',
    file: 'apps/engine/src/line.ts',
    find: 'known.has(entryName(accepted))',
    replace: '[...known].some((name) => name.startsWith(`${accepted.entry} `))',
    caughtBy: 'scenario',
    tests: 'tests/sim/same-entry.sim.test.ts',
    says: 'each is executed once, and none is lost',
  },
  {
    breaks: 'I6: a signal that was read under two entries ends as expired, while its outcome is unknown',
    file: 'apps/engine/src/line.ts',
    find: 'if (signals.has(order.accepted.id)) behind.push(order);',
    replace: 'if (signals.size < 0) behind.push(order);',
    caughtBy: 'unit',
    tests: 'apps/engine/src/line.test.ts',
    says: 'neither sends nor ends one that was read under a second entry',
  },
  {
    breaks:
      'I1: the end of a signal takes the entry of another one with it, by an id that an older primary gave',
    file: 'libs/redis/functions/finish.lua',
    find: '    remove_entry(keys[3], argv[5], signal[1])\n  end\n  redis',
    replace: "    redis.call('XDEL', keys[3], argv[5])\n  end\n  redis",
    caughtBy: 'contract',
    says: 'an entry that was read for one signal and is another one by now stays',
  },
  {
    breaks:
      'I2: what an older primary had is sent, though its signal was accepted again, maybe with another body',
    file: 'libs/redis/functions/intend.lua',
    find: 'if not signal[1] or (signal[3] and signal[3] ~= argv[7]) then',
    replace: 'if not signal[1] then',
    caughtBy: 'contract',
    says: 'nothing is sent for an entry that the signal does not have',
  },
  {
    breaks: 'I2: a send without a certain answer is sent again',
    file: ORDER,
    find: 'return becomeUnknown(intent, nowMs, `broker_${code.name}`, LIMITS.lookUpFirstMs);',
    replace: 'return again(intent, lifeMs, nowMs, LIMITS.attemptPauseMs, `broker_${code.name}`, execution);',
    caughtBy: 'engine',
    says: 'I5',
    faults: ['drop reply'],
  },
  {
    breaks: 'I2: the bridge does not know again what it has carried out',
    file: COMMANDS,
    find: 'if (known === undefined) return false;',
    replace: 'if (known !== undefined) return false;',
    caughtBy: 'unit',
    tests: 'tools/mt5-sim/src/terminal/rules.test.ts',
    says: 'rule 4, I2',
  },
  {
    breaks: 'I3, the epoch at the bridge: a terminal takes commands and fences of any epoch',
    file: COMMANDS,
    find: 'const [given, held] = [BigInt(epoch), BigInt(fence.epoch)];',
    replace: 'const [given, held] = [BigInt(epoch), 0n];',
    caughtBy: 'engine',
    says: 'I3',
    faults: ['engine freeze at an intent'],
  },
  {
    breaks: 'I3, the epoch in Redis: the writes of any engine are taken, whoever leads',
    file: LIBRARY,
    find: 'if lease[1] == holder and lease[2] == epoch then',
    replace: 'if lease[1] then',
    caughtBy: 'contract',
    says: 'stale',
  },
  {
    breaks: 'I3, the epoch in the engine: what Redis refuses to an old holder is taken for written',
    file: 'apps/engine/src/order-writes.ts',
    find: "else if (outcome.is === 'stale') options.onStale(outcome.holder);",
    replace: "else if (outcome.is === 'stale') done(undefined);",
    also: [
      {
        file: 'apps/engine/src/account.ts',
        find: '      !paused &&\n',
        replace: '',
      },
    ],
    caughtBy: 'engine',
    says: 'I4',
    faults: ['engine freeze and its successor cut off'],
  },
  {
    breaks: 'I3: a takeover does not raise the epoch at the terminal, which then takes nothing from it',
    file: TERMINAL_SIDE,
    find: FENCE,
    replace: NO_FENCE,
    caughtBy: 'engine',
    says: 'LIVENESS',
    faults: ['engine crash'],
  },
  {
    breaks:
      'I3: a takeover does not raise the epoch at the terminal, and the terminal takes its commands all the same',
    file: TERMINAL_SIDE,
    find: FENCE,
    replace: NO_FENCE,
    also: [NO_ROLE_ASKED, LEASE_FOR_EVER],
    caughtBy: 'engine',
    says: 'I3',
    faults: AT_AN_INTENT,
  },
  {
    breaks: 'I3: the trading role moves to another terminal without an epoch: neither is fenced',
    file: TERMINAL_SIDE,
    find: FENCE,
    replace:
      "const { journal, boot, role: own } = session.identity; const fenced = own === 'primary' ? await session.fence(epoch, engine, true, REQUEST_DEADLINE_MS) : ({ is: 'fenced', epoch, holder: engine, journal, boot } as const);",
    also: [NO_ROLE_ASKED, LEASE_FOR_EVER],
    caughtBy: 'engine',
    says: 'without the role in its epoch',
    faults: ['terminal crash', 'broker down', 'terminal links down'],
  },
  {
    breaks: 'I3: the bridge takes commands without the trading role',
    ...NO_ROLE_ASKED,
    caughtBy: 'unit',
    tests: 'tools/mt5-sim/src/terminal/rules.test.ts',
    says: 'rule 2',
  },
  {
    breaks: 'I4: a command is sent while its intent is being written',
    file: ORDER,
    find: "effects: [{ do: 'write_intent', intent: event.intent }],",
    replace:
      "effects: [{ do: 'write_intent', intent: event.intent }, { do: 'send', intent: event.intent, lifeMs: 5000 }],",
    caughtBy: 'engine',
    says: 'I4',
  },
  {
    breaks: 'I4: the intent is written after the command was sent',
    file: ORDER,
    find: "effects: [{ do: 'write_intent', intent: event.intent }],",
    replace:
      "effects: [{ do: 'send', intent: event.intent, lifeMs: 5000 }, { do: 'write_intent', intent: event.intent }],",
    caughtBy: 'engine',
    says: 'I4',
    faults: ['partition', 'slow links'],
  },
  {
    breaks: 'I5: what was not found at the broker for a second is sent again',
    file: ORDER,
    find: '      if (event.certainNo !== undefined) {\n',
    replace:
      '      if (event.execution === undefined && state.lookUps >= 2) return neverArrived(intent, 60_000, nowMs);\n      if (event.certainNo !== undefined) {\n',
    caughtBy: 'engine',
    says: 'I5',
    faults: ['drop reply'],
  },
  {
    breaks: 'I5: "never arrived" is believed from another journal than the one that the intent names',
    file: ORDER,
    find: "if (answer.state === 'never' && answer.sameJournal) return neverArrived(intent, event.lifeMs, nowMs);",
    replace: "if (answer.state === 'never') return neverArrived(intent, event.lifeMs, nowMs);",
    caughtBy: 'engine',
    says: 'I5',
    faults: ['terminal loses its disk'],
  },
  {
    breaks: 'I5: what was under way at a terminal that is gone is taken for never arrived',
    file: 'apps/engine/src/inquiries.ts',
    find: "report(order, { state: 'intent' });\n    }),",
    replace: "report(order, { state: 'never', sameJournal: true });\n    }),",
    caughtBy: 'engine',
    says: 'I5',
    faults: ['terminal links down', 'terminal crash', 'delay'],
  },
  {
    breaks: 'I5: the journal says "never" of what it gave to OrderSend without an answer',
    file: COMMANDS,
    find: 'else if (known !== undefined || waits(commandId) !== undefined)',
    replace: 'else if (waits(commandId) !== undefined)',
    caughtBy: 'engine',
    says: 'I5',
    faults: ['crash at a point'],
  },
  {
    breaks: 'I5: later signals of a symbol are sent while the outcome of one is unknown',
    file: 'apps/engine/src/line.ts',
    find: 'if (order.signal === undefined || !held.has(order.signal.symbol)) yield order;',
    replace: 'if (held.size >= 0) yield order;',
    caughtBy: 'unit',
    tests: 'apps/engine/src/line.test.ts',
    says: 'FAIL',
  },
  {
    breaks: 'I6: a second result of a signal is recorded',
    file: 'libs/redis/functions/finish.lua',
    find: '  if signal[2] then',
    replace: '  if signal[2] == argv[1] then',
    caughtBy: 'contract',
    says: 'repeat',
  },
  {
    breaks: 'I2: a finished signal leaves a second entry behind, which each takeover reads again',
    file: 'libs/redis/functions/finish.lua',
    find: "redis.call('XDEL', keys[3], signal[3])",
    replace: "redis.call('XDEL', keys[3], argv[5])",
    caughtBy: 'contract',
    says: 'second entry',
  },
  {
    breaks: 'I6: an order whose answer was lost is recorded as refused',
    file: ORDER,
    find: 'return becomeUnknown(intent, nowMs, `broker_${code.name}`, LIMITS.lookUpFirstMs);',
    replace: "return finish({ outcome: 'rejected', reason: `broker_${code.name}`, execution }, intent);",
    caughtBy: 'engine',
    says: 'I6',
    faults: ['drop reply'],
  },
  {
    breaks: 'I7: the time to live is not looked at after a takeover: it begins anew with every engine',
    file: 'apps/engine/src/tracked-order.ts',
    find: 'return Math.floor(Math.min(byWall, byMonotonic));',
    replace: 'return Math.floor(byMonotonic + 0 * byWall + 60_000);',
    caughtBy: 'engine',
    says: 'I7',
    faults: ['engine freeze and its successor cut off'],
  },
  {
    breaks: 'I7: the bridge does not look at the remaining life',
    file: COMMANDS,
    find: "if (tick() >= message.until) return 'expired';",
    replace: '',
    also: [
      {
        file: 'tools/mt5-sim/src/terminal/command-run.ts',
        find: "if (options.tick() >= message.until) return 'expired';",
        replace: '',
      },
    ],
    caughtBy: 'engine',
    says: 'I7',
    faults: ['terminal freeze'],
  },
  {
    breaks: 'I7: a close may open or reverse: it names no position, and its whole volume',
    file: 'tools/mt5-sim/src/terminal/carry-out.ts',
    find: 'position: held.ticket,\n      ...marks,',
    replace: "position: '',\n      ...marks,",
    also: [
      {
        file: 'tools/mt5-sim/src/terminal/carry-out.ts',
        find: 'const volume = formatDecimal(smaller(decimal(command.volume), decimal(held.volume)));',
        replace: 'const { volume } = command;',
      },
    ],
    caughtBy: 'engine',
    says: 'I7',
    faults: ['manual close', 'partial fill'],
  },
  {
    breaks: 'I8: a number is left out',
    file: LIBRARY,
    find: "local number = redis.call('HINCRBY', account_key, 'number', 1)",
    replace: "local number = redis.call('HINCRBY', account_key, 'number', record == '' and 1 or 2)",
    caughtBy: 'engine',
    says: 'I8',
  },
  {
    breaks: 'I8: a deal is recorded again whenever it is seen again',
    file: 'libs/redis/functions/record.lua',
    find: "if redis.call('ZADD', keys[4], 'NX', last + 1, argv[i]) == 1 then",
    replace: "if redis.call('ZADD', keys[4], last + 1, argv[i]) >= 0 then",
    caughtBy: 'engine',
    says: 'I8',
    faults: ['engine crash', 'engine freeze'],
  },
  {
    breaks: 'I10: a lease by the wall clock: a step of it makes another engine lead',
    file: 'apps/engine/src/leadership.ts',
    find: 'const { host, account, store } = options;',
    replace:
      'const { account, store } = options; const host: Host = { ...options.host, monotonicMs: options.host.wallMs };',
    caughtBy: 'engine',
    says: 'I10',
    faults: ['wall clock jump'],
  },
];
