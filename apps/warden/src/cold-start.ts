/**
 * No node is primary and no replica may be promoted: after a cold start, or when everything that was promotable is gone.
 * The data decides (ha-core/warden/cold-start.ts). The chosen node's own warden acts: where the Sentinels name that node
 * it becomes primary; else it is made promotable alone, and a Sentinel promotes it.
 */
import {
  type ColdStart,
  couldChoose,
  couldPromote,
  decideColdStart,
  type Host,
  LIMITS,
  namedByMost,
  newestOf,
  type NodeData,
  type RedisNodes,
  type SentinelSight,
  sleep,
} from '@holdfast/ha-core';
import type { Membership } from './membership.ts';
import type { NodeWatch } from './node-watch.ts';
import { createOwnClaim } from './own-claim.ts';
import type { OwnNode } from './own-node.ts';
import type { Sentinels } from './sentinels.ts';
import type { Situation } from './situation.ts';

export type ColdStarterOptions = {
  readonly host: Host;
  readonly redis: RedisNodes;
  readonly index: number;
  readonly own: NodeWatch;
  readonly ownNode: OwnNode;
  readonly watches: readonly NodeWatch[];
  readonly situation: Situation;
  readonly sentinels: Sentinels;
  readonly membership: Pick<Membership, 'setPriority' | 'heldForOthersAtMs'>;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

export type ColdStarter = {
  /** Looks whether a start is due, and makes it. */
  readonly tend: () => Promise<void>;
  /** Why there is no primary and who is waited for; undefined while that is no question. */
  readonly waits: () => (ColdStart & { is: 'wait' }) | undefined;
  /**
   * A person gives up what nodes that are missing may hold: the newest node that is there becomes primary. Answers what is
   * done, or why it is not. Where that fails it is tried again, for a while: the decision is not asked for twice.
   */
  readonly recover: () => Promise<string>;
};

const TELL_EVERY_MS = 5000;
/** While links are down Sentinel asks for INFO once a second at least. */
const SEEN_WITHIN_MS = 2500;
const LOOK_AGAIN_MS = 25;
/** So long a person's decision holds: it was made by what was there. */
const RECOVER_WITHIN_MS = 15_000;

/** Begins to count from now how long there has been no primary. */
export function createColdStarter(options: ColdStarterOptions): ColdStarter {
  const { host, own, ownNode, membership, watches, situation, sentinels, log } = options;
  /** It is no primary; and a replica that has what came since may have given up being promotable while it was cut off. */
  const { isOutdated } = situation;
  const nodes = watches.map(({ name }) => name);
  const claim = createOwnClaim(options);
  let withoutSinceMs = host.monotonicMs();
  let toldAtMs = Number.NEGATIVE_INFINITY;
  let waiting: (ColdStart & { is: 'wait' }) | undefined;
  /** What a person gave up. */
  let givenUp: { readonly missing: readonly string[]; readonly untilMs: number } | undefined;
  let starting = false;

  const there = (): NodeData[] =>
    watches.flatMap((watch) => {
      const seen = watch.seen();
      const counts = seen?.role.is === 'replica' || isOutdated(watch);
      return seen !== undefined && counts ? [{ endpoint: watch.name, record: seen.record }] : [];
    });

  /** One at a time: a person's and the one that is due by itself. */
  const start = async (named: string | undefined, why: string, decidedAtMs: number): Promise<void> => {
    if (starting) return;
    starting = true;
    try {
      await promoteOwn(named, why, decidedAtMs);
      // Until then a node that comes back with more would take over again, which a person may have given up.
      await claim.soon();
    } finally {
      starting = false;
    }
  };

  /** Whoever takes the own node out of the set sees a primary, and goes by what was promised: not promotable. */
  const isHeldSince = (atMs: number): boolean => membership.heldForOthersAtMs() >= atMs;

  /** By what was known at `decidedAtMs`. */
  const promoteOwn = async (named: string | undefined, why: string, decidedAtMs: number): Promise<void> => {
    log('cold_start', { node: own.name, why, named });
    // Only what a person gave up: a primary that is out of sight may go on to acknowledge with whom it takes in again.
    if (givenUp !== undefined) situation.letLead(own.name);
    if (named === own.name) await ownNode.follow(undefined);
    else if (named !== undefined && (await membership.setPriority(100))) {
      const over = (): readonly string[] => [
        ...(isPrimaryThere() ? ['a node became primary meanwhile'] : []),
        ...(isHeldSince(decidedAtMs) ? ['others took this node out of the set meanwhile'] : []),
      ];
      await untilSeen(() => over().length > 0);
      const why = over();
      const asked =
        why.length > 0 ? ({ is: 'refused', why } as const) : await sentinels.failOver(named, options.index);
      if (asked.is === 'begun') return;
      await membership.setPriority(0);
      log('cold_start_refused', { why: asked.why });
    }
  };

  /** A Sentinel knows the priority of its last INFO: asked before the next one it would find nobody to promote. */
  const untilSeen = async (isOver: () => boolean): Promise<void> => {
    const endMs = host.monotonicMs() + SEEN_WITHIN_MS;
    while (!isOver() && host.monotonicMs() < endMs) {
      const sights = await sentinels.look();
      const seen = sights.some(
        ({ view }) =>
          view.is === 'seen' && view.replicas.some((one) => one.endpoint === own.name && couldChoose(one)),
      );
      if (seen) return;
      await sleep(host, LOOK_AGAIN_MS);
    }
  };

  const isPrimaryThere = (): boolean =>
    situation.present() !== undefined ||
    watches.some((one) => one.seen()?.role.is === 'primary' && !isOutdated(one));

  /** Nobody who is named may be a primary that only this warden does not see. */
  const isGone = (named: string, sights: readonly SentinelSight[]): boolean =>
    watches.some((one) => one.name === named && (one.seen()?.role.is === 'replica' || isOutdated(one))) ||
    sights.every(({ view }) => view.is === 'silent' || view.primaryDown);

  /** What the data decides, or else a person by what is there. */
  const decide = (data: readonly NodeData[], named: string): ColdStart => {
    if (givenUp !== undefined && host.monotonicMs() > givenUp.untilMs) {
      givenUp = undefined;
      claim.drop();
    }
    const decision = decideColdStart(nodes, data, named);
    if (decision.is === 'start' || givenUp === undefined) return decision;
    const { missing } = givenUp;
    if (data.length === 0 || !decision.missing.every((node) => missing.includes(node))) return decision;
    const why = `a person gave up what may be on ${missing.join(', ')}`;
    return { is: 'start', endpoint: newestOf(data).endpoint, why };
  };

  return {
    waits: () => waiting,
    tend: async () => {
      const nowMs = host.monotonicMs();
      if (starting) return;
      const present = situation.present();
      if (present === undefined || present.name === own.name) await claim.tend();
      else claim.drop();
      if (isPrimaryThere()) {
        withoutSinceMs = nowMs;
        waiting = undefined;
        givenUp = undefined;
        return;
      }
      withoutSinceMs = Math.max(withoutSinceMs, membership.heldForOthersAtMs());
      if (nowMs - withoutSinceMs < LIMITS.coldStartAfterMs) return;
      const sights = await sentinels.look();
      const named = namedByMost(sights);
      // Looking took its time: what was true before it need not be true now.
      if (isPrimaryThere() || isHeldSince(nowMs) || named === undefined || !isGone(named, sights)) return;
      const data = there();
      const decision = decide(data, named);
      if (sights.some((sight) => mayStillPromote(sight, own.name))) return;
      if (decision.is === 'start') {
        // What is there is older than what was seen: an outdated primary goes on to be none.
        if (watches.some(isOutdated) && newestOf(data).record.term < situation.newestTerm()) return;
        waiting = undefined;
        if (decision.endpoint === own.name) await start(named, decision.why, nowMs);
        return;
      }
      waiting = decision;
      if (nowMs - toldAtMs < TELL_EVERY_MS) return;
      toldAtMs = nowMs;
      log('cold_start_waits', { why: decision.why, missing: decision.missing });
    },
    recover: async () => {
      const data = there();
      if (situation.present() !== undefined) return 'there is a primary; nothing was done';
      if (data.length === 0) return 'no node can be read; nothing was done';
      const { endpoint, record } = newestOf(data);
      if (endpoint !== own.name)
        return `${endpoint} has the newest data of those that are there; ask its warden`;
      const nowMs = host.monotonicMs();
      const named = namedByMost(await sentinels.look());
      if (named === undefined) return 'no majority of Sentinels names a primary; nothing was done';
      if (isPrimaryThere()) return 'there is a primary by now; nothing was done';
      claim.want(Math.ceil(situation.rank()) + 1);
      situation.forget();
      const missing = nodes.filter((one) => !data.some((two) => two.endpoint === one));
      givenUp = { missing, untilMs: host.monotonicMs() + RECOVER_WITHIN_MS };
      await start(named, decide(data, named).why, nowMs);
      return `${endpoint} becomes primary with term ${record.term}, change ${record.change}, ${record.writes} rounds`;
    },
  };
}

/**
 * A Sentinel that could begin a failover with somebody to promote, or has one under way and sees another node than `own`: the
 * one that it promotes may be that. Where it sees none it waits for its time-out, and would promote nobody else.
 */
function mayStillPromote({ view }: SentinelSight, own: string): boolean {
  if (view.is !== 'seen') return false;
  const { replicas, failoverUnderWay } = view;
  const sees = replicas.some((one) => one.endpoint !== own && !one.down && !one.disconnected);
  return couldPromote(replicas) || (failoverUnderWay && sees);
}
