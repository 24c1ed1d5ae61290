/**
 * A planned change of primary (`holdfast switchover redis`), run by the primary's own warden: Sentinel begins a failover
 * while the primary still works; right before it promotes, writes are held back, so that the replicas have all of them;
 * then the old primary follows the new one. What clients sent meanwhile was not executed; they repeat it by the same ids.
 */
import { type Host, type RedisNodes, sleep } from '@holdfast/ha-core';
import { repoint } from './following.ts';
import type { NodeWatch } from './node-watch.ts';
import type { OwnNode } from './own-node.ts';
import type { FailoverAsked, Sentinels } from './sentinels.ts';
import type { Situation } from './situation.ts';

export type SwitchoverParts = {
  readonly host: Host;
  readonly redis: RedisNodes;
  readonly own: NodeWatch;
  readonly ownNode: OwnNode;
  readonly watches: readonly NodeWatch[];
  readonly situation: Situation;
  readonly sentinels: Sentinels;
  readonly index: number;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

/** What was done, or why not, in words; and who is the primary now where it was done. */
export type Switchover =
  | { readonly done: true; readonly to: string; readonly detail: string }
  | { readonly done: false; readonly detail: string };

const POLL_MS = 4;
const WITHIN_MS = 3000;
const ASKED_WITHIN_MS = 1000;
const ASK_AGAIN_MS = 100;
/**
 * Sentinel's states move on with its timer, each 53 to 100 ms; writes are held back for the last part of one. Not too short
 * a part: what the primary writes after the promotion makes the other replica copy everything anew.
 */
const BEFORE_PROMOTION_MS = 20;
/** The most that writes can be held back, should this process die right now. */
const PAUSE_MS = 400;

/** Switches over. Sentinel chooses the replica; `to` is refused where it is not the only one that it could choose. */
export async function switchOver(parts: SwitchoverParts, to: string | undefined): Promise<Switchover> {
  const { host, own, situation } = parts;
  const present = situation.present();
  const refuse = (detail: string): Switchover => ({ done: false, detail });
  if (present?.name !== own.name)
    return refuse(
      `${own.name} is not the primary; ask the warden of ${present?.name ?? 'whoever becomes it'}`,
    );
  const members = present.record.members.filter((member) => member !== own.name);
  if (members.length === 0)
    return refuse('no replica is in the in-sync set: nobody can take over without a loss');
  if (to !== undefined && (members.length > 1 || members[0] !== to)) {
    return refuse(`Sentinel chooses among ${members.join(', ')}; leave the target out`);
  }
  const asked = await askPatiently(parts);
  if (asked.is === 'refused') return refuse(asked.why.join('; '));
  const startedMs = host.monotonicMs();
  const promoted = await awaitPromotion(parts, asked.sentinel);
  if (promoted === undefined) {
    await parts.ownNode.resumeWrites();
    return refuse(`nothing was promoted within ${WITHIN_MS} ms; ${own.name} goes on`);
  }
  await Promise.all([
    parts.ownNode.follow(promoted.endpoint),
    ...parts.watches
      .filter((watch) => watch !== own && watch !== promoted)
      .map((watch) => repoint(parts.redis, watch.endpoint, promoted.endpoint, parts.log)),
  ]);
  await parts.ownNode.resumeWrites();
  const tookMs = Math.round(host.monotonicMs() - startedMs);
  parts.log('switched_over', { from: own.name, to: promoted.name, tookMs });
  return { done: true, to: promoted.name, detail: `${own.name} handed over to ${promoted.name}` };
}

/** A Sentinel may not have seen yet that a replica can be promoted: it asks each of them again after a quarter of a second. */
async function askPatiently({ host, own, sentinels, index }: SwitchoverParts): Promise<FailoverAsked> {
  const endMs = host.monotonicMs() + ASKED_WITHIN_MS;
  for (;;) {
    const asked = await sentinels.failOver(own.name, index);
    if (asked.is === 'begun' || host.monotonicMs() >= endMs) return asked;
    await sleep(host, ASK_AGAIN_MS);
  }
}

async function awaitPromotion(parts: SwitchoverParts, sentinel: number): Promise<NodeWatch | undefined> {
  const { host, watches, own, situation } = parts;
  /** An older primary that comes back right now is none: who followed it would lose what was acknowledged since (I1). */
  const isPromoted = (watch: NodeWatch): boolean =>
    watch !== own && watch.seen()?.role.is === 'primary' && !situation.isOutdated(watch);
  const endMs = host.monotonicMs() + WITHIN_MS;
  let sendingSinceMs: number | undefined;
  let paused = false;
  while (host.monotonicMs() < endMs) {
    for (const watch of watches) watch.tick(POLL_MS * 10);
    const promoted = watches.find(isPromoted);
    if (promoted !== undefined) return promoted;
    if (!paused) {
      const state = await parts.sentinels.failoverState(sentinel);
      if (state === 'send_slaveof_noone') sendingSinceMs ??= host.monotonicMs();
      const due = sendingSinceMs !== undefined && host.monotonicMs() - sendingSinceMs >= BEFORE_PROMOTION_MS;
      if (due || state === 'wait_promotion') {
        paused = true;
        void parts.ownNode.pauseWrites(PAUSE_MS);
      }
    }
    await sleep(host, POLL_MS);
  }
  return undefined;
}
