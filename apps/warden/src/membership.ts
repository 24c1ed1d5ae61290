/**
 * This warden's node and the in-sync set: when it may be promotable and when not (I1). Only a node's own warden changes
 * its priority.
 *
 * - An acting primary has priority 0 and is no member: when it comes back it cannot be promoted.
 * - A replica joins first in the record; when all of the new set have that, its priority goes to 100, and it joins once
 *   more: if it was excluded meanwhile, back to 0.
 * - A replica whose link is down while the Sentinels see the primary up, or that another warden asks to, gives up being
 *   promotable, so that writes can go on without it. Never the last member: that would help nobody.
 * - A replica that is cut off (no other node, or neither a primary nor a majority of Sentinels in sight) gives it up too:
 *   nobody could promote it there, and the others take it out of the set meanwhile. The Sentinel beside it should know that
 *   before the cut ends, because it may be the one that is asked for a failover then.
 */
import {
  type Host,
  LIMITS,
  namedByMost,
  type RedisNode,
  type RedisNodes,
  type SentinelSight,
} from '@holdfast/ha-core';
import { changeInSyncSet, claimedRecord, excludeCall, joinCall, type Role } from '@holdfast/redis';
import { keepsUp } from './catching-up.ts';
import { joinOnceMore } from './joining.ts';
import type { NodeWatch } from './node-watch.ts';
import type { OwnNode } from './own-node.ts';
import type { Present, Situation } from './situation.ts';

export type MembershipOptions = {
  readonly host: Host;
  readonly redis: RedisNodes;
  readonly own: NodeWatch;
  readonly ownNode: OwnNode;
  readonly watches: readonly NodeWatch[];
  readonly situation: Situation;
  readonly sights: () => readonly SentinelSight[];
  /** All others are lost from sight just now. */
  readonly onOutOfSight: () => void;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

export type Membership = {
  /** Looks at the own node and does what is due. One at a time; settles when it is done. */
  readonly tend: () => Promise<void>;
  /** Gives up being promotable, as another warden asks. */
  readonly hold: (why: string) => void;
  /** Sets it without a look at the set: when no node is primary, and the data has decided. */
  readonly setPriority: (wanted: 0 | 100) => Promise<boolean>;
  /** When it was last asked to give it up, on the monotonic clock: whoever asks sees a primary. */
  readonly heldForOthersAtMs: () => number;
  /** The own node does not answer: the command waits for it on the connection. */
  readonly frozen: () => void;
  /** Gives it up at once where the own machine has lost sight of all others: they take it out of the set by time alone. */
  readonly cutOff: () => void;
  /** The own node is a replica, and its machine has lost sight of all others. */
  readonly isOutOfSight: () => boolean;
  readonly priority: () => number | undefined;
};

const CHANGE_DEADLINE_MS = 800;
/** After giving up, not again a member sooner, and only when it catches up within this. */
const REJOIN_AFTER_MS = 400;
const REJOIN_LAG_MS = 100;

/** Begins with nothing known of the node. */
export function createMembership(options: MembershipOptions): Membership {
  const { host, own, ownNode, situation, log } = options;
  let priority: number | undefined;
  let linkDownSinceMs: number | undefined;
  let heldAtMs = Number.NEGATIVE_INFINITY;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let waitingForNode = false;
  let lowering = false;

  const lower = async (why: string): Promise<boolean> => {
    if (priority === 0) return true;
    heldAtMs = host.monotonicMs();
    const done = await ownNode.setPriority(0);
    if (done) priority = 0;
    log('not_promotable', { node: own.name, why, confirmed: done });
    return done;
  };

  const isLastMember = (present: Present | undefined): boolean => {
    const members = present?.record.members ?? [];
    return members.includes(own.name) && members.every((one) => one === own.name || one === present?.name);
  };

  const isCutOff = (): boolean => {
    const sights = options.sights();
    const heard = sights.filter(({ view }) => view.is === 'seen').length;
    return sights.length > 0 && heard * 2 <= sights.length;
  };

  /** Sooner than the Sentinels' silence is known: no other machine answers, and none has refused a connection either. */
  const isAlone = (): boolean => {
    const others = options.watches.filter((watch) => watch !== own);
    return others.every((watch) => watch.silentSinceMs() !== undefined && !watch.isProcessGone());
  };

  /**
   * The process of its primary is gone, and it was the only member: nobody else has all that was acknowledged, and nobody is
   * left who could change the set. Were it not promotable when it is in sight again, the Sentinels would have nobody.
   */
  const isHeir = (): boolean => {
    const record = own.seen()?.record;
    if (record === undefined || !record.members.includes(own.name)) return false;
    const others = record.members.filter((member) => member !== own.name && member !== record.primary);
    const primary = options.watches.find(({ name }) => name === record.primary);
    return others.length === 0 && primary?.isProcessGone() === true;
  };

  const isOutOfSight = (): boolean =>
    own.seen()?.role.is === 'replica' &&
    situation.present() === undefined &&
    (isCutOff() || isAlone()) &&
    !isHeir();

  const lowerOutOfSight = async (): Promise<void> => {
    const sight = isCutOff() ? 'neither a primary nor a majority of Sentinels' : 'no other node';
    await lower(`${sight} is in sight`);
  };

  const asPrimary = async (present: Present): Promise<void> => {
    if (!(await lower('it is the primary'))) return;
    if (!present.record.members.includes(own.name) || present.role.replicas.length === 0) return;
    await atPrimary(present, async (node) => {
      const record = await claimedRecord(node, present.name, LIMITS.commandDeadlineMs);
      if (record.primary !== present.name || !record.members.includes(own.name)) return;
      const outcome = await changeInSyncSet(node, host, excludeCall(record, own.name), CHANGE_DEADLINE_MS);
      log('excluded', { node: own.name, why: 'it is the primary', outcome: outcome.is });
    });
  };

  const asReplica = async (role: Role & { is: 'replica' }, present: Present | undefined): Promise<void> => {
    const nowMs = host.monotonicMs();
    if (isOutOfSight()) return lowerOutOfSight();
    // One that has just begun to follow the primary has its record in a moment; one that follows another was made to.
    if (role.of !== present?.name && (own.seen()?.record.term ?? 0) < situation.newestTerm()) {
      await lower('a newer primary was seen than its data knows of');
      return;
    }
    if (role.link === 'connected') linkDownSinceMs = undefined;
    else linkDownSinceMs ??= nowMs;
    const named = namedByMost(options.sights());
    if (linkDownSinceMs !== undefined) {
      const up =
        named !== undefined &&
        options.sights().every(({ view }) => view.is === 'silent' || !view.primaryDown);
      const longDown = nowMs - linkDownSinceMs > LIMITS.replicaLinkDownMs;
      if (longDown && up && present !== undefined && !isLastMember(present))
        await lower('its link to the primary is down');
      return;
    }
    if (present === undefined || role.of !== present.name) return;
    if (named !== present.name && !isOutdated(named, present)) return;
    const member = present.record.members.includes(own.name);
    if (member && priority === 100) return;
    if (!member && priority !== 0 && !(await lower('it is not in the in-sync set'))) return;
    if (nowMs - heldAtMs < REJOIN_AFTER_MS) return;
    await join(present);
  };

  /**
   * The Sentinels name one that follows the primary itself: none of them saw the promotion, of a node that was frozen then, and they
   * will name nobody else until a failover gives them one. That needs a member that is promotable. Whom they had just promoted
   * would be a primary.
   */
  const isOutdated = (named: string | undefined, present: Present): boolean => {
    const role = options.watches.find(({ name }) => name === named)?.seen()?.role;
    const underWay = options.sights().some(({ view }) => view.is === 'seen' && view.failoverUnderWay);
    return role?.is === 'replica' && role.of === present.name && !underWay;
  };

  const join = async (present: Present): Promise<void> => {
    await atPrimary(present, async (node) => {
      const record = await claimedRecord(node, present.name, LIMITS.commandDeadlineMs);
      if (!(await keepsUp(node, own.name, REJOIN_LAG_MS))) return;
      const joinedAtMs = host.monotonicMs();
      const call = joinCall(record, present.name, own.name);
      const outcome = await changeInSyncSet(node, host, call, CHANGE_DEADLINE_MS);
      if (outcome.is !== 'made' || heldAtMs > joinedAtMs) return;
      if (!(await ownNode.setPriority(100))) return;
      priority = 100;
      if (await joinOnceMore(node, own.name, outcome.record, log)) log('included', { node: own.name });
      else await lower('it was excluded meanwhile');
    });
  };

  const atPrimary = async (present: Present, run: (node: RedisNode) => Promise<void>): Promise<void> => {
    const node = await options.redis.open(present.watch.endpoint, LIMITS.dialDeadlineMs);
    try {
      await run(node);
    } finally {
      node.close();
    }
  };

  return {
    tend: async () => {
      const seen = own.seen();
      if (seen === undefined || own.silentSinceMs() !== undefined) return;
      waitingForNode = false;
      priority = await ownNode.priority();
      if (priority === undefined) return;
      const present = situation.present();
      if (seen.role.is === 'primary' && present?.name === own.name) await asPrimary(present);
      else if (seen.role.is === 'replica') await asReplica(seen.role, present);
    },
    hold: (why) => {
      if (isLastMember(situation.present())) return;
      heldAtMs = host.monotonicMs();
      askedAtMs = heldAtMs;
      void lower(why);
    },
    setPriority: async (wanted) => {
      const done = await ownNode.setPriority(wanted);
      // What was asked meanwhile goes by what the node has, and not by what it had.
      priority = done ? wanted : undefined;
      return done;
    },
    heldForOthersAtMs: () => askedAtMs,
    frozen: () => {
      if (waitingForNode || priority === 0 || isLastMember(situation.present())) return;
      waitingForNode = true;
      heldAtMs = host.monotonicMs();
      void ownNode.setPriority(0);
      log('not_promotable', { node: own.name, why: 'it does not answer' });
    },
    cutOff: () => {
      if (lowering || priority === 0 || !isOutOfSight()) return;
      lowering = true;
      options.onOutOfSight();
      void lowerOutOfSight().finally(() => {
        lowering = false;
      });
    },
    isOutOfSight,
    priority: () => priority,
  };
}
