/**
 * Bugs that are planted on purpose, one at a time, into a copy of the tree: each breaks an invariant, and the suite
 * named must say so. `find` matches exactly once in the file. The product holds no flag for any of this.
 */
import { IN_SYNC_SET } from './in-sync-set-rows.ts';

export type PlantedBug = Edit & {
  /** The invariant, and how it is broken. */
  readonly breaks: string;
  /** Where one edit alone would be made good by another line. */
  readonly also?: readonly Edit[];
  /** Only a Redis of version 8 shows it, so the suite runs on one; left out, aloud, where there is none. */
  readonly onRedis8?: true;
  readonly caughtBy: Suite;
  /** A word of the report that caught it. */
  readonly says: string;
  /** A simulation draws only these faults, so that few seeds are enough. */
  readonly faults?: readonly string[];
};

/**
 * `in-sync-set`, `engine`: the simulations, seed after seed until one is broken. `contract`: the simulated Redis alone;
 * `contract, real`: one file of it on the real one. `unit`: the test of the rule that acknowledges.
 */
export type Suite = 'in-sync-set' | 'engine' | 'contract' | 'contract, real' | 'unit';

export type Edit = { readonly file: string; readonly find: string; readonly replace: string };

export const PLANTED: readonly PlantedBug[] = [
  ...IN_SYNC_SET,
  {
    breaks: 'I1, Redis 8: a repeat writes nothing, and WAIT counts replicas that have nothing',
    file: 'libs/redis/functions/round.lua',
    find: "  redis.call('HINCRBY', keys[1], 'writes', 1)\n",
    replace: '',
    also: [
      {
        file: 'libs/redis/functions/accept.lua',
        find: "redis.call('HINCRBY', ",
        replace: 'local _ = (function() end)(',
      },
    ],
    onRedis8: true,
    caughtBy: 'contract, real',
    says: 'replicas that its WAIT counted, while all of them are frozen: expected 2 to be',
  },
  {
    breaks: 'I2: a send without a certain answer is sent again',
    file: 'libs/ha-core/src/order/order.ts',
    find: 'return becomeUnknown(intent, nowMs, `broker_${code.name}`, LIMITS.lookUpFirstMs);',
    replace: 'return again(intent, lifeMs, nowMs, LIMITS.attemptPauseMs, `broker_${code.name}`, execution);',
    caughtBy: 'engine',
    says: 'I2',
    faults: ['drop reply'],
  },
  {
    breaks: 'I3: a terminal takes commands and fences of any epoch',
    file: 'tools/mt5-sim/src/terminal/commands.ts',
    find: 'const [given, held] = [BigInt(epoch), BigInt(fence.epoch)];',
    replace: 'const [given, held] = [BigInt(epoch), 0n];',
    caughtBy: 'engine',
    says: 'I3',
    faults: ['engine freeze at an intent'],
  },
  {
    breaks: 'I3: Redis takes the writes of any engine that some engine leads',
    file: 'libs/redis/functions/_library.lua',
    find: 'if lease[1] == holder and lease[2] == epoch then',
    replace: 'if lease[1] then',
    caughtBy: 'contract',
    says: 'stale',
  },
  {
    breaks: 'I4: a command is sent while its intent is being written',
    file: 'libs/ha-core/src/order/order.ts',
    find: "effects: [{ do: 'write_intent', intent: event.intent }],",
    replace:
      "effects: [{ do: 'write_intent', intent: event.intent }, { do: 'send', intent: event.intent, lifeMs: 5000 }],",
    caughtBy: 'engine',
    says: 'I4',
  },
  {
    breaks: 'I6: a second result of a signal is recorded',
    file: 'libs/redis/functions/finish.lua',
    find: '  if known then',
    replace: '  if known == argv[1] then',
    caughtBy: 'contract',
    says: 'repeat',
  },
  {
    breaks: 'I7: the life of a signal begins anew with every engine that sees it',
    file: 'apps/engine/src/tracked-order.ts',
    find: 'return Math.floor(Math.min(byWall, byMonotonic));',
    replace: 'return Math.floor(byMonotonic + 0 * byWall + 60_000);',
    caughtBy: 'engine',
    says: 'I7',
  },
  {
    breaks: 'I8: a number is left out',
    file: 'libs/redis/functions/_library.lua',
    find: "local number = redis.call('HINCRBY', account_key, 'number', 1)",
    replace: "local number = redis.call('HINCRBY', account_key, 'number', record == '' and 1 or 2)",
    caughtBy: 'engine',
    says: 'I8',
  },
];
