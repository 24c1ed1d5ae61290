/**
 * Whom the own node follows. Once there is a new primary all others follow it at once, without waiting for Sentinel; and a node
 * that lacks what was acknowledged since is followed by nobody.
 */
import {
  type Endpoint,
  type Host,
  namedByMost,
  primaryRank,
  type RedisNodes,
  type SentinelSight,
} from '@holdfast/ha-core';
import type { NodeSeen, NodeWatch } from './node-watch.ts';
import type { OwnNode } from './own-node.ts';
import type { Peers } from './peers.ts';
import type { Present } from './situation.ts';

export type FollowingOptions = {
  readonly host: Pick<Host, 'monotonicMs'>;
  readonly redis: RedisNodes;
  readonly own: NodeWatch;
  readonly ownNode: Pick<OwnNode, 'follow' | 'setPriority'>;
  readonly watches: readonly NodeWatch[];
  readonly situation: {
    readonly present: () => Present | undefined;
    /** Of the own node; as Situation has it. */
    readonly lacks: () => boolean;
  };
  readonly sights: () => readonly SentinelSight[];
  /** All others are out of sight, for long. */
  readonly isAlone: () => boolean;
  /** True while a failover is under way. */
  readonly hurried: () => boolean;
  readonly alive: Peers['alive'];
  /** The warden of a node. */
  readonly wardenOf: (node: string) => string | undefined;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

/** The same node is not told again sooner. */
const FOLLOW_EVERY_MS = 150;
const DIAL_MS = 200;

/** Returns what is to be called after each change: nodes that follow another than the present primary are told. */
export function createFollowing(options: FollowingOptions): () => void {
  const { host, own, ownNode, watches, situation, log } = options;
  const toldAtMs = new Map<string, number>();

  const tellOnce = (name: string, tell: () => void): void => {
    const nowMs = host.monotonicMs();
    if (nowMs - (toldAtMs.get(name) ?? Number.NEGATIVE_INFINITY) < FOLLOW_EVERY_MS) return;
    toldAtMs.set(name, nowMs);
    tell();
  };

  const followAll = (present: Present): void => {
    const { endpoint } = present.watch;
    const role = own.seen()?.role;
    const strays =
      (role?.is === 'replica' && role.of !== present.name) ||
      (role?.is === 'primary' && own.name !== present.name);
    if (strays) {
      tellOnce(own.name, () => {
        log('follows', { node: own.name, primary: present.name, was: role?.is });
        // An old primary is not promotable before it follows, whatever its own warden had set.
        if (role?.is === 'primary') void ownNode.setPriority(0);
        void ownNode.follow(endpoint);
      });
    }
    if (options.hurried()) for (const watch of watches) followForDead(watch, present.name, endpoint);
  };

  /**
   * The own node says that it is primary and lacks what was acknowledged since, or may lack it. A Sentinel that has missed that
   * would make the others follow it, and what they have more would be gone. As a replica of itself it gives its data to nobody.
   */
  const hold = (why: string): void =>
    tellOnce(own.name, () => {
      log('holds', { node: own.name, why });
      void ownNode.setPriority(0);
      void ownNode.follow(own.endpoint);
    });

  /**
   * The own node says that it is primary, and another one has a term that came after it. Nothing can be acknowledged here
   * any more; but the Sentinels may not have seen the new one yet, and would go back to this one if it died now.
   */
  const isOutranked = ({ name, record }: Present): boolean => {
    const seen = own.seen();
    return seen?.role.is === 'primary' && name !== own.name && record.term > seen.record.term;
  };

  /**
   * The own node is a replica of one that does not answer, and another one has become primary, by Sentinel's own timer:
   * Sentinel would tell it up to a second later. Not a primary that is older than what the own node has.
   */
  const isLeftAlone = ({ name, rank }: Present): boolean => {
    const seen = own.seen();
    if (seen?.role.is !== 'replica' || seen.role.of === name) return false;
    const { of } = seen.role;
    const former = watches.find((one) => one.name === of);
    return former?.silentSinceMs() !== undefined && rank >= primaryRank(seen.record, of);
  };

  /** Whom the own node follows, where that one says that it is primary. One that says nothing is asked on a new connection. */
  const followed = (): NodeSeen | undefined => {
    const role = own.seen()?.role;
    const leader =
      role?.is === 'replica' ? watches.find((one) => one !== own && one.name === role.of) : undefined;
    const seen = leader?.seen();
    if (leader !== undefined && seen === undefined) tellOnce(leader.name, leader.askAnew);
    return seen?.role.is === 'primary' ? seen : undefined;
  };

  /**
   * The own node was made to follow a primary of an older term, by a Sentinel that has missed the change and saw that one again
   * first. What the own node has more is gone as soon as it has that one's data (seed 7708236).
   */
  const isLedAstray = ({ record }: Present): boolean => {
    const leader = followed();
    return leader !== undefined && leader.record.term < record.term;
  };

  /** The term that the own node has data of, and since when that is known. */
  let ownTerm = { term: 0, sinceMs: 0 };
  const learnTerm = (): void => {
    const seen = own.seen();
    if (seen !== undefined && seen.record.term !== ownTerm.term)
      ownTerm = { term: seen.record.term, sinceMs: seen.atMs };
  };

  /**
   * So was everybody else, and nobody is left to go back to: a Sentinel was cut off with the one that it had promoted, and what it
   * told the others waited in the network until the cut ended. What the leader said before the own node had this term, it said
   * before it had it itself.
   */
  const isLedAstrayWithAll = (): boolean => {
    const leader = followed();
    return leader !== undefined && leader.record.term < ownTerm.term && leader.sentAtMs >= ownTerm.sinceMs;
  };

  /** The own node keeps what it has; who is to lead, the data decides (cold-start.ts), or another failover. */
  const keep = (): void =>
    tellOnce(own.name, () => {
      log('holds', { node: own.name, why: 'it was made to follow an older primary' });
      void ownNode.follow(own.endpoint);
    });

  const mayFollow = (present: Present): boolean =>
    options.hurried() ||
    isOutranked(present) ||
    isLeftAlone(present) ||
    namedByMost(options.sights()) === present.name ||
    isLedAstray(present);

  /** A replica whose own warden is gone is told by whoever is there. */
  const followForDead = (watch: NodeWatch, primary: string, endpoint: Endpoint): void => {
    const role = watch.seen()?.role;
    if (watch === own || role?.is !== 'replica' || role.of === primary) return;
    const warden = options.wardenOf(watch.name);
    if (warden === undefined || options.alive().includes(warden)) return;
    tellOnce(watch.name, () => void repoint(options.redis, watch.endpoint, endpoint, log));
  };

  return () => {
    learnTerm();
    const present = situation.present();
    if (options.isAlone() && own.seen()?.role.is === 'primary')
      hold('nobody else is in sight, and may lead by now');
    else if (present !== undefined && mayFollow(present)) followAll(present);
    else if (situation.lacks()) hold('it lacks what was acknowledged since');
    else if (present === undefined && isLedAstrayWithAll()) keep();
  };
}

/** Makes a node a replica of `primary`; what it refuses is logged. Never rejects. */
export async function repoint(
  redis: RedisNodes,
  node: Endpoint,
  primary: Endpoint,
  log: FollowingOptions['log'],
): Promise<void> {
  try {
    const on = await redis.open(node, DIAL_MS);
    await on.run([['REPLICAOF', primary.host, String(primary.port)]], DIAL_MS);
    on.close();
  } catch (error) {
    log('not_repointed', { node: `${node.host}:${node.port}`, reason: String(error) });
  }
}
