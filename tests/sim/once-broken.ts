/**
 * Seeds that once broke, each with what was wrong. What a seed does changes with the code, so the rule that each of them led to
 * has a test of its own as well; docs/transcripts tells what they do now.
 */
import { runSeed, type SeedOutcome } from './run-seed.ts';

/** Of the in-sync set: two faults one after the other in all of them. */
export const ONCE_BROKEN_SETS: readonly (readonly [number, string])[] = [
  [200868, 'a node was promoted, never claimed, and followed again: the old primary was refused for ever'],
  [200916, 'a node that started copied an older primary, because the Sentinels named nobody else'],
  [200935, 'a Sentinel made the last node with the newest data follow an older primary'],
  [210139, 'a replica of the simulation read the end of its link before what came with it'],
  [210313, 'nodes that started copied an old primary that had been frozen, and was the first that was there'],
  [210737, 'a frozen node read the command that promotes it after it had left the set'],
  [211037, 'the newest data was copied over, and everybody waited for it'],
  [211075, 'the same, with other faults'],
  [300389, 'a replica that was cut off was still promotable for the Sentinel beside it when the cut ended'],
  [400516, 'a node was claimed that nobody followed, and outranked the primary that went on to acknowledge'],
  [500482, 'a node was made to hold right after it had been claimed, by an answer from before'],
  [567, 'a Sentinel that had been cut off promoted an old primary that had just begun to follow'],
  [600777, 'a Sentinel that had been cut off with a replica knew its old priority when the cut ended'],
  [600593, 'an old primary was promoted that nobody takes for one'],
  [9003955, 'after a freeze the first try to give up being promotable ended by an old deadline'],
  [
    9002178,
    'a cold start made a node promotable while others took it out of the set of a primary that was back',
  ],
  [9001610, 'profile seed: the elections went to Sentinels that passed over every replica, for ever'],
  [600764, 'a node was made to hold right after it had been claimed, and the wardens died'],
  [
    9016446,
    'a replica of the simulation acknowledged what it had of a lost primary to the one that came after it',
  ],
  [
    9010744,
    'a node that was frozen became primary when its Sentinel had given it up: none named it, and nobody was promotable',
  ],
  [9006260, 'profile seed: one Sentinel went on to name an older primary, until the next failover'],
  [9011073, 'a switchover took an older primary that came back right then for the one that was promoted'],
  [
    9100541,
    'a member that was cut off left the set by time, though the warden that would have lowered it was dead',
  ],
  [
    9301765,
    'a Sentinel that was cut off with a replica asked it once a second only, and knew its old priority when the cut ended',
  ],
  [
    9401631,
    'the Sentinel that had promoted the primary paused after a jump of its clock, and the others went back to an older one',
  ],
  [
    9712722,
    'the Sentinel that had promoted a primary was still to see it when that was cut off and replaced, and would have gone back to it',
  ],
];

/** Of the whole system. */
export const ONCE_BROKEN_SYSTEMS: readonly (readonly [number, string])[] = [
  [14, 'the entry of a finished signal stayed in RTSS: the engine had read another one, from an old primary'],
  [
    7022995,
    'a close whose answer was lost was refused late, and nobody was told: the check allowed no unknown',
  ],
  [
    7023142,
    'an order whose answer was lost was refused late, and nobody was told: the check allowed no unknown',
  ],
  [
    7029380,
    'a node that the set had left out led after a cold start, while a primary out of sight went on to acknowledge',
  ],
  [
    7300422,
    'a member was taken out of the set by what Sentinels had been told before it joined again, and stayed promotable',
  ],
  [7315173, 'a refusal was on its way when the connection to the broker broke: the check allowed no unknown'],
  [
    7315720,
    'netting: a deal was counted to a position that a person had just closed, and a list that did not show it was not believed',
  ],
  [
    7323555,
    'the clock of the broker went back and forward again between two readings, and a deal from between was not read',
  ],
  [275, 'without a detector wardens asked for a second failover while a Sentinel was still to see the first'],
  [7502090, 'a terminal of the simulation was never told that it was logged in to its own account again'],
  [
    7708236,
    'a Sentinel that had missed the failover saw the old primary again first, and made the replica with the newest data follow it',
  ],
  [7714827, 'an unknown outcome was found between the last reading of the records and the check of states'],
  [7818462, 'the same as 9301765 of the in-sync set: a cut-off Sentinel knew an old priority'],
  [7713365, 'a terminal was logged in elsewhere before it was ever used, and nobody had told its login'],
  [
    8360150,
    'a signal had the entry that an older primary had given to another one, and went with the end of that one',
  ],
];

/** Below it they were found when engines and terminals started together with Redis in every seed. */
const BY_ITS_NUMBER_FROM = 7_600_000;

/** Runs one of the whole system, started as it was when it broke. */
export const runOnceBrokenSystem = (seed: number): Promise<SeedOutcome> =>
  runSeed(seed, seed < BY_ITS_NUMBER_FROM ? { together: true } : {});
