/**
 * Bugs that are planted on purpose, one at a time, into a copy of the tree: each breaks an invariant, and the suite
 * named must say so. `find` matches exactly once in the file. The product holds no flag for any of this.
 */
import { BROKER } from './broker-rows.ts';
import { ENGINE } from './engine-rows.ts';
import { IN_SYNC_SET } from './in-sync-set-rows.ts';
import { LEADERSHIP } from './leadership-rows.ts';

export type PlantedBug = Edit & {
  /** The invariant, and how it is broken. */
  readonly breaks: string;
  /** Where one edit alone would be made good by another line. */
  readonly also?: readonly Edit[];
  /** Only a Redis of version 8 shows it, so the suite runs on one; left out, aloud, where there is none. */
  readonly onRedis8?: true;
  readonly caughtBy: Suite;
  /** The file that catches it, of unit tests or of scenarios; none where another suite does. */
  readonly tests?: string;
  /** A word of the report that caught it. */
  readonly says: string;
  /** A simulation draws only these faults, so that few seeds are enough. */
  readonly faults?: readonly string[];
};

/**
 * `in-sync-set`, `engine`: the simulations, seed after seed until one is broken. `contract`: the simulated Redis alone;
 * `contract, real`: one file of it on the real one. `unit`, `scenario`: the one file of tests that the row names.
 */
export type Suite = 'in-sync-set' | 'engine' | 'contract' | 'contract, real' | 'unit' | 'scenario';

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
  ...ENGINE,
  ...BROKER,
  ...LEADERSHIP,
];
