/**
 * The claim that a node makes for itself right after it was promoted by a person's decision, which its own record need not
 * bear out. It is made also while nobody follows, which could outrank a primary that goes on to acknowledge elsewhere: that
 * is what the person has given up.
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
  /** It is due once the own node is primary, with a term of at least this. */
  readonly want: (term: number) => void;
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
  let wanted: number | undefined;

  const make = async (least: number): Promise<void> => {
    const node = await redis.open(own.endpoint, LIMITS.dialDeadlineMs);
    try {
      const record = await readRecordAt(node, LIMITS.commandDeadlineMs);
      const reply = await runAlone(node, functionCommand(claimCall(record, own.name, least)));
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
    want: (term) => {
      wanted = Math.max(wanted ?? 0, term);
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
