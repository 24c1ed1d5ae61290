/**
 * Which primary this warden suspects: one that is gone, and none has followed it; an older one that the Sentinels went back
 * to; one that they go on to name because no Sentinel saw its successor's promotion; or, where their timer alone finds out who
 * is gone, because it was back before that.
 */
import { couldPromote, type Host, namedByMost, type SentinelSight } from '@holdfast/ha-core';
import type { NodeWatch } from './node-watch.ts';
import type { Present, Situation } from './situation.ts';

export type SuspicionOptions = {
  readonly host: Pick<Host, 'monotonicMs'>;
  readonly watches: readonly NodeWatch[];
  readonly situation: Pick<Situation, 'present' | 'last'>;
  readonly sights: () => readonly SentinelSight[];
  /** How long a primary must be silent before it counts as gone, beyond the limits of its probes; 0 for no longer. */
  readonly waitMs: () => number;
  /**
   * False where Sentinel's own timer alone finds out who is silent: then nobody is suspected but those that the Sentinels name wrongly,
   * though they answer.
   */
  readonly detects: boolean;
};

export type Suspicion = {
  /** The primary that another one must follow, as `host:port`; undefined while there is nothing to do. */
  readonly suspected: () => string | undefined;
  /** The last primary may have handed over: whoever has taken over should be looked for closely. */
  readonly looksForSuccessor: () => boolean;
};

/** So long a successor is looked for at most. */
const HAND_OVER_MS = 300;
/**
 * So long one Sentinel may name another primary than the others, by an epoch that is not lower; and so long may all of those that nobody
 * hurries: a failover, with INFO once a second and a hello every two, takes no longer.
 */
const STRAYS_MS = 5000;
/** What the Sentinels say is half a second old at most: one that has begun a failover by itself is known by then. */
const HELD_MS = 750;
/** Sentinels that answer and are hurried may be so late to name a new primary before it counts that none of them will. */
const UNSEEN_MS = 250;

/** Suspects nobody yet. */
export function createSuspicion(options: SuspicionOptions): Suspicion {
  const { host, watches, situation, sights } = options;
  /** The last primary that answers as something else, and since when. */
  let demoted: { readonly name: string; readonly atMs: number } | undefined;

  /** Whom the Sentinels name beside a primary that they do not see, and since when. */
  let unseen: { readonly named: string; readonly atMs: number } | undefined;

  const suspected = (): string | undefined => {
    const last = situation.last();
    const present = situation.present();
    if (present !== undefined) {
      demoted = undefined;
      held = undefined;
      return unseenFor(present);
    }
    if (!options.detects) return namedAndHeld();
    if (last === undefined) {
      demoted = undefined;
      return undefined;
    }
    const outdated = outdatedPrimary();
    if (outdated !== undefined) return outdated;
    const watch = watches.find(({ name }) => name === last);
    if (watch?.goneSinceMs() === undefined || mayBeLate(watch)) return undefined;
    return mayHaveHandedOver(watch) ? undefined : (namedBefore(last) ?? last);
  };

  /** Whom the Sentinels name though it is held, while nobody is primary and none of them fails over; and since when. */
  let held: { readonly named: string; readonly atMs: number } | undefined;

  /**
   * It came back, holding as every node does at its start, before the Sentinels' timer was over, or after an election that none of
   * them won. To them it is a primary that answers: they would notice after two of their own periods of INFO, 20 s. Where
   * they know nobody to promote the data decides (cold-start.ts).
   */
  const namedAndHeld = (): string | undefined => {
    const nowMs = host.monotonicMs();
    const views = seenViews();
    const named = namedByMost(sights());
    const role = watches.find(({ name }) => name === named)?.seen()?.role;
    // One whose link is up has a primary that only this warden does not see.
    const isHeld = role?.is === 'replica' && role.link !== 'connected';
    const isLeft =
      views.some(({ replicas }) => couldPromote(replicas)) && !views.some((view) => view.failoverUnderWay);
    if (named === undefined || !isHeld || !isLeft) held = undefined;
    else if (held?.named !== named) held = { named, atMs: nowMs };
    return held !== undefined && nowMs - held.atMs >= HELD_MS ? held.named : undefined;
  };

  /** Nothing says yet that it is not there: the connection of a process that is gone ends, and is refused. */
  const mayBeLate = (watch: NodeWatch): boolean => {
    const silentSinceMs = watch.silentSinceMs();
    if (silentSinceMs === undefined || watch.hasQuit()) return false;
    return host.monotonicMs() - silentSinceMs < options.waitMs();
  };

  /**
   * The last primary is gone before a Sentinel had seen it as one: they go on to name the one before it, which is not there
   * either, and only a failover of that one makes them promote somebody.
   */
  const namedBefore = (last: string): string | undefined => {
    const named = namedByMost(sights());
    if (named === last) return undefined;
    const watch = watches.find(({ name }) => name === named);
    const isNone = watch?.silentSinceMs() !== undefined || watch?.seen()?.role.is === 'replica';
    return isNone ? named : undefined;
  };

  /**
   * The Sentinels may go back to an older primary: the one that they had promoted died before they had seen it as primary. What
   * was acknowledged by it is on a replica, which they would soon make follow the older one.
   */
  const outdatedPrimary = (): string | undefined => {
    const named = namedByMost(sights());
    const primary = watches.find(({ name }) => name === named)?.seen();
    const known = watches.every((one) => one.seen() !== undefined || one.silentSinceMs() !== undefined);
    if (primary?.role.is !== 'primary' || !known) return undefined;
    // Where it has been followed already, nobody is left to be promoted with what came since.
    const isOlder = watches.some((one) => (one.seen()?.record.term ?? 0) > primary.record.term);
    return isOlder ? named : undefined;
  };

  /**
   * The Sentinel that promoted the present primary died, was cut off from it, or pauses after a jump of its clock, before it saw it
   * as primary: no Sentinel will name it. They would make its replicas follow the older one as soon as that is back. Another failover makes an end
   * of it, whomever it promotes: the primary has all that was acknowledged, and so has whoever else may be promoted.
   */
  const unseenFor = (present: Present): string | undefined => {
    const views = seenViews();
    const [named, ...others] = new Set(views.map(({ primary }) => primary));
    if (named === undefined || named === present.name || others.length > 0) unseen = undefined;
    else if (views.some((view) => isAboutToSee(view, present.name))) unseen = undefined;
    else if (unseen?.named !== named) unseen = { named, atMs: host.monotonicMs() };
    const since = unseen?.atMs ?? Number.POSITIVE_INFINITY;
    return host.monotonicMs() - since >= (options.detects ? UNSEEN_MS : STRAYS_MS)
      ? named
      : namedByStray(present, views);
  };

  const seenViews = (): Seen[] => sights().flatMap(({ view }) => (view.is === 'seen' ? [view] : []));

  /** Whom one Sentinel names for long beside the others, and since when. */
  let strays: { readonly named: string; readonly atMs: number } | undefined;

  /**
   * A Sentinel that ends its own failover after it has heard of a later one believes in its own, by the later one's epoch:
   * no hello corrects it. A failover of whom it names gives all of them a higher epoch.
   */
  const namedByStray = (present: Present, views: readonly Seen[]): string | undefined => {
    const nowMs = host.monotonicMs();
    const right = views.filter(({ primary }) => primary === present.name);
    const stray = views.find(
      (view) => view.primary !== present.name && right.some((one) => one.configEpoch <= view.configEpoch),
    );
    if (stray === undefined || views.some((view) => view.failoverUnderWay)) strays = undefined;
    else if (strays?.named !== stray.primary) strays = { named: stray.primary, atMs: nowMs };
    return strays !== undefined && nowMs - strays.atMs >= STRAYS_MS ? strays.named : undefined;
  };

  /**
   * A primary that answers and is none any more was made one's replica: by a hand-over whose successor this warden has not
   * looked at since. A failover now would promote a second node.
   */
  const mayHaveHandedOver = (watch: NodeWatch): boolean => {
    const nowMs = host.monotonicMs();
    if (watch.seen()?.role.is !== 'replica') {
      demoted = undefined;
      return false;
    }
    if (demoted?.name !== watch.name) demoted = { name: watch.name, atMs: nowMs };
    const { atMs } = demoted;
    const looked = watches.every(
      (one) => one === watch || one.silentSinceMs() !== undefined || (one.seen()?.sentAtMs ?? 0) >= atMs,
    );
    return !looked && nowMs - atMs < HAND_OVER_MS;
  };

  return {
    suspected,
    looksForSuccessor: () => demoted !== undefined && situation.present() === undefined,
  };
}

type Seen = SentinelSight['view'] & { readonly is: 'seen' };

/** Whether this Sentinel leads a failover and hears from the node: then it will see what that has become. */
function isAboutToSee({ failoverUnderWay, pauses, replicas }: Seen, node: string): boolean {
  if (!failoverUnderWay || pauses) return false;
  return replicas.some(({ endpoint, down, disconnected }) => endpoint === node && !down && !disconnected);
}
