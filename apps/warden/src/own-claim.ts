/**
 * The claim that a node makes for itself right after it was promoted by a decision that its own record does not bear out: of
 * a person, or of the data though the set had left the node out. Nobody else would take it for the primary before that.
 */
import {
  type Command,
  type Host,
  LIMITS,
  type RedisNode,
  type RedisNodes,
  type RedisReply,
  sleep,
} from '@holdfast/ha-core';
import { claimCall, functionCommand, parseChange, readRecordAt } from '@holdfast/redis';
import { isOutside } from './exclusion.ts';
import type { NodeWatch } from './node-watch.ts';

export type OwnClaim = {
  /**
   * It is due once the own node is primary, with a term of at least this; `alone` also while nobody follows it. Alone it
   * could outrank a primary that goes on to acknowledge elsewhere: only where a person has given that up.
   */
  readonly want: (term: number, alone: boolean) => void;
  /** It is due no more: another node is primary, or nobody has promoted this one in time. */
  readonly drop: () => void;
  /** Makes it where it is due. Never rejects for what the outside does: it stays due. */
  readonly tend: () => Promise<void>;
  /** Looks closely until it is made, or for as long as a promotion takes at most. */
  readonly soon: () => Promise<void>;
};

/** Sentinel promotes within a few of its own turns, where it does. */
const PROMOTED_WITHIN_MS = 1500;
const LOOK_AGAIN_MS = 25;
const LEAST_REPLICAS = 'min-replicas-to-write';

/** Nothing is due at first. */
export function createOwnClaim(parts: {
  readonly host: Host;
  readonly redis: RedisNodes;
  readonly own: NodeWatch;
}): OwnClaim {
  const { host, redis, own } = parts;
  let wanted: { readonly term: number; readonly alone: boolean } | undefined;

  const make = async ({ term, alone }: { term: number; alone: boolean }): Promise<void> => {
    const node = await redis.open(own.endpoint, LIMITS.dialDeadlineMs);
    try {
      const record = await readRecordAt(node, LIMITS.commandDeadlineMs);
      const call = functionCommand(claimCall(record, own.name, term));
      const reply = alone
        ? await runAlone(node, call)
        : (await node.run([call], LIMITS.commandDeadlineMs))[0];
      if (parseChange(reply) !== undefined) wanted = undefined;
    } finally {
      node.close();
    }
  };

  const tend = async (): Promise<void> => {
    if (wanted === undefined || own.seen()?.role.is !== 'primary') return;
    try {
      await make(wanted);
    } catch (error) {
      if (!isOutside(error)) throw error;
    }
  };

  return {
    want: (term, alone) => {
      wanted = { term: Math.max(wanted?.term ?? 0, term), alone: alone || (wanted?.alone ?? false) };
    },
    drop: () => {
      wanted = undefined;
    },
    tend,
    soon: async () => {
      const endMs = host.monotonicMs() + PROMOTED_WITHIN_MS;
      while (wanted !== undefined && host.monotonicMs() < endMs) {
        await tend();
        await sleep(host, LOOK_AGAIN_MS);
      }
    },
  };
}

/**
 * Redis refuses a write while nobody follows, also one that it would queue: the setting is taken back for as long as it takes
 * to run this one write, and what else is written in that moment has nobody who could confirm it.
 */
async function runAlone(node: RedisNode, call: Command): Promise<RedisReply | undefined> {
  const [setting] = await node.run([['CONFIG', 'GET', LEAST_REPLICAS]], LIMITS.commandDeadlineMs);
  const least = Array.isArray(setting) ? String((setting as readonly RedisReply[])[1]) : '1';
  const set = (value: string): Command => ['CONFIG', 'SET', LEAST_REPLICAS, value];
  return (await node.run([set('0'), call, set(least)], LIMITS.commandDeadlineMs))[1];
}
