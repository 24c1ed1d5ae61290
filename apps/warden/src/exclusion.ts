/**
 * Takes a member out of the in-sync set that cannot confirm writes: it is not connected to the primary, does not answer,
 * or lags. Its own warden is asked to make it not promotable; it leaves the set when no Sentinel that could be elected
 * could choose it (ha-core/in-sync-set/exclusion.ts). Every warden tries; one compare-and-set wins.
 */
import {
  type Host,
  LIMITS,
  mayExclude,
  NodeUnavailable,
  type RedisNode,
  type RedisNodes,
} from '@holdfast/ha-core';
import { excludeCall, functionCommand, parseChange, readRecordAt } from '@holdfast/redis';
import { keepsUp } from './catching-up.ts';
import type { NodeWatch } from './node-watch.ts';
import type { Sentinels } from './sentinels.ts';
import type { Present, Situation } from './situation.ts';

export type ExclusionOptions = {
  readonly host: Host;
  readonly redis: RedisNodes;
  readonly watches: readonly NodeWatch[];
  readonly sentinels: Sentinels;
  readonly situation: Situation;
  /** Asks the warden of a node that it gives up being promotable. */
  readonly hold: (node: string) => void;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

/** A member that lacks for so long what its primary had is in the way of every write. */
const LAG_LIMIT_MS = 400;
/** A reason not to exclude is told again after so long. */
const TELL_EVERY_MS = 2000;

/** One look at the members; settles when what is due is done. */
export function createExclusion(options: ExclusionOptions): { readonly tend: () => Promise<void> } {
  const { host, watches, sentinels, situation, log } = options;
  let toldAtMs = Number.NEGATIVE_INFINITY;

  const inTheWay = async (present: Present): Promise<{ name: string; why: string } | undefined> => {
    const members = present.record.members.filter((member) => member !== present.name);
    for (const name of members) {
      const watch = watches.find((one) => one.name === name);
      if (!present.role.replicas.some(({ endpoint }) => endpoint === name))
        return { name, why: 'not connected' };
      if (watch === undefined || watch.silentSinceMs() !== undefined) return { name, why: 'does not answer' };
      const behind = members.length > 1 && situation.lagMs(name) > LAG_LIMIT_MS;
      if (behind && !(await atPrimary(present, (node) => keepsUp(node, name, LAG_LIMIT_MS)))) {
        return { name, why: 'lags' };
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

  const exclude = (present: Present, name: string, why: string): Promise<void> =>
    atPrimary(present, async (node) => {
      const record = await readRecordAt(node, LIMITS.commandDeadlineMs);
      if (record.primary !== present.name || !record.members.includes(name)) return;
      const [reply] = await node.run([functionCommand(excludeCall(record, name))], LIMITS.commandDeadlineMs);
      if (parseChange(reply)?.made === true) log('excluded', { node: name, why });
    });

  return {
    tend: async () => {
      const present = situation.present();
      const found = present === undefined ? undefined : await inTheWay(present);
      if (present === undefined || found === undefined) return;
      options.hold(found.name);
      const verdict = mayExclude(found.name, present.name, await sentinels.look());
      if (verdict.is === 'safe') return exclude(present, found.name, found.why);
      const nowMs = host.monotonicMs();
      if (nowMs - toldAtMs < TELL_EVERY_MS) return;
      toldAtMs = nowMs;
      log('exclusion_waits', { node: found.name, found: found.why, why: verdict.why });
    },
  };
}

/** Whether an error is one that the outside makes: to be told, and tried again. */
export function isOutside(error: unknown): error is Error {
  return error instanceof NodeUnavailable || (error instanceof Error && error.name === 'RedisError');
}
