/**
 * Takes a member out of the in-sync set that cannot confirm writes: it is not connected to the primary, does not answer,
 * or lags. Its own warden is asked to make it not promotable; it leaves the set when no Sentinel that could be elected
 * could choose it (ha-core/in-sync-set/exclusion.ts). Every warden tries; one compare-and-set wins.
 */
import {
  type Host,
  type InSyncRecord,
  LIMITS,
  mayExclude,
  mayHaveJoined,
  type MemberFacts,
  NodeUnavailable,
  type RedisNode,
  type RedisNodes,
  sleep,
} from '@holdfast/ha-core';
import { excludeCall, functionCommand, parseChange } from '@holdfast/redis';
import { keepsUp } from './catching-up.ts';
import type { NodeWatch } from './node-watch.ts';
import type { Presence } from './peers.ts';
import type { Sentinels } from './sentinels.ts';
import type { Present, Situation } from './situation.ts';

export type ExclusionOptions = {
  readonly host: Host;
  readonly redis: RedisNodes;
  readonly watches: readonly NodeWatch[];
  readonly sentinels: Sentinels;
  readonly situation: Situation;
  /** Whether the Sentinels' own periods are shortened. */
  readonly hurried: boolean;
  /** Whether the warden of a node is there; undefined for the own node. */
  readonly wardenOf: (node: string) => Presence | undefined;
  /** Asks the warden of a node that it gives up being promotable. */
  readonly hold: (node: string) => void;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

/** A member that lacks for so long what its primary had is in the way of every write, */
const LAG_LIMIT_MS = 300;
/** where it also does not have within this what is asked of it: what it has told of itself may be a second old. */
const CONFIRM_LIMIT_MS = 200;
/** A reason not to exclude is told again after so long. */
const TELL_EVERY_MS = 2000;

/** For so long at most the Sentinels are looked at before the members are. */
const LOOKS_MS = 600;
const LOOK_AGAIN_MS = 40;

const LAGS = 'lags';
type Found = { readonly name: string; readonly why: string };
/** In the way since, by the monotonic clock. */
type InTheWay = { readonly name: string; readonly sinceMs: number };

/** One look at the members; settles when what is due is done. */
export function createExclusion(options: ExclusionOptions): { readonly tend: () => Promise<void> } {
  const { host, watches, sentinels, situation, log } = options;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  let before: InTheWay | undefined;
  let record: InSyncRecord | undefined;
  let joinedBeforeMs = Number.NEGATIVE_INFINITY;

  /** Of no member it is remembered when it joined itself: what is not known of the steps in between counts for all. */
  const learn = (now: InSyncRecord): void => {
    if (record === undefined || mayHaveJoined(record, now)) joinedBeforeMs = host.monotonicMs();
    record = now;
  };

  /** Where nobody hurries the Sentinels they ask for INFO too seldom to be waited for. */
  const outOfSightMs = (name: string): number => {
    const nowMs = host.monotonicMs();
    if (before?.name !== name) before = { name, sinceMs: nowMs };
    if (!options.hurried) return Number.POSITIVE_INFINITY;
    const silentSinceMs = watches.find((watch) => watch.name === name)?.silentSinceMs();
    return nowMs - Math.min(before.sinceMs, silentSinceMs ?? nowMs);
  };

  /** What a cut that took the node has left there: a warden that takes back that it may be promoted, or none. */
  const outOfSight = (name: string): Omit<MemberFacts, 'joinedBeforeMs'> => {
    const forMs = outOfSightMs(name);
    const warden = options.wardenOf(name);
    if (warden === undefined) return { forMs, unguarded: false };
    // It may have come just now, the first one through a cut that ends.
    if (warden.isHere)
      return { forMs: Math.min(forMs, host.monotonicMs() - warden.sinceMs), unguarded: false };
    // Gone by the same cut, unless the node has answered since. One that was never seen to answer may be off, and one that has
    // ended its connection, as when its machine is shut down, starts with priority 0.
    const watch = watches.find((one) => one.name === name);
    const answeredAtMs = watch?.answeredAtMs();
    const wentOn = answeredAtMs !== undefined && answeredAtMs >= warden.sinceMs;
    return { forMs, unguarded: wentOn && watch?.hasQuit() === false };
  };

  const inTheWay = async (present: Present): Promise<Found | undefined> => {
    const members = present.record.members.filter((member) => member !== present.name);
    for (const name of members) {
      const watch = watches.find((one) => one.name === name);
      if (!present.role.replicas.some(({ endpoint }) => endpoint === name))
        return { name, why: 'not connected' };
      if (watch === undefined || watch.silentSinceMs() !== undefined) return { name, why: 'does not answer' };
      const behind = members.length > 1 && situation.lagMs(name) > LAG_LIMIT_MS;
      if (behind && !(await atPrimary(present, (node) => keepsUp(node, name, CONFIRM_LIMIT_MS)))) {
        return { name, why: LAGS };
      }
    }
    return undefined;
  };

  const atPrimary = async <Value>(
    present: Present,
    run: (node: RedisNode) => Promise<Value>,
  ): Promise<Value> => {
    const node = await options.redis.open(present.watch.endpoint, LIMITS.dialDeadlineMs);
    try {
      return await run(node);
    } finally {
      node.close();
    }
  };

  const tellWaits = (found: Found, why: string): void => {
    const nowMs = host.monotonicMs();
    if (nowMs - toldAtMs < TELL_EVERY_MS) return;
    toldAtMs = nowMs;
    log('exclusion_waits', { node: found.name, found: found.why, why });
  };

  /**
   * By the record from before the Sentinels were looked at: a member that has joined again since is promotable, whatever priority
   * they had been told of (I1).
   */
  const exclude = (present: Present, name: string, why: string): Promise<void> =>
    atPrimary(present, async (node) => {
      const call = functionCommand(excludeCall(present.record, name));
      const [reply] = await node.run([call], LIMITS.commandDeadlineMs);
      if (parseChange(reply)?.made === true) log('excluded', { node: name, why });
    });

  /** Without another question to the node: whether what was found still stands. */
  const stands = (present: Present, { name, why }: Found): boolean => {
    const now = situation.present();
    if (now?.name !== present.name || !now.record.members.includes(name)) return false;
    return why !== LAGS || situation.lagMs(name) > LAG_LIMIT_MS;
  };

  return {
    tend: async () => {
      const present = situation.present();
      if (present !== undefined) learn(present.record);
      const found = present === undefined ? undefined : await inTheWay(present);
      if (found === undefined) before = undefined;
      if (present === undefined || found === undefined) return;
      options.hold(found.name);
      // Sentinels see it one after the other, each at its own time.
      const endMs = host.monotonicMs() + LOOKS_MS;
      for (;;) {
        const sights = await sentinels.look();
        const facts = { ...outOfSight(found.name), joinedBeforeMs };
        const verdict = mayExclude(found.name, present.name, sights, facts);
        if (!stands(present, found)) return;
        if (verdict.is === 'safe') return exclude(present, found.name, found.why);
        tellWaits(found, verdict.why);
        if (host.monotonicMs() >= endMs) return;
        await sleep(host, LOOK_AGAIN_MS);
      }
    },
  };
}

/** Whether an error is one that the outside makes: to be told, and tried again. */
export function isOutside(error: unknown): error is Error {
  return error instanceof NodeUnavailable || (error instanceof Error && error.name === 'RedisError');
}
