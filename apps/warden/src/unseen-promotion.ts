/**
 * A Sentinel that has promoted a node goes on to wait until it sees it as primary, for as long as its failover timeout. Where that
 * node is replaced meanwhile, by another Sentinel, the first would make everybody follow it as soon as it is in sight again: an older
 * primary (I1). So it has to give that up before another one is asked.
 */
import {
  type Command,
  type Host,
  NodeUnavailable,
  RedisError,
  type RedisReply,
  type SentinelSight,
  sleep,
} from '@holdfast/ha-core';

export type UnseenPromotionParts = {
  readonly host: Host;
  /** Asks one Sentinel, by its place. Rejects with `NodeUnavailable`. */
  readonly ask: (sentinel: number, commands: readonly Command[]) => Promise<readonly RedisReply[]>;
  /** The state of its failover; '' where there is none, or it does not answer. */
  readonly failoverState: (sentinel: number) => Promise<string>;
  readonly primaryName: string;
  /** What its failover timeout is to be again afterwards. */
  readonly failoverTimeoutMs: number;
};

/** Several of Sentinel's ticks, the longest of which takes 100 ms. */
const WITHIN_MS = 300;
const LOOK_MS = 5;
const WAITS = 'wait_promotion';

export type GivenUp = {
  /** By their places. They are to be asked first: one that is in a failover begins no other by what it knew before. */
  readonly by: readonly number[];
  /** Why nobody is to be asked now: one of them has seen the node as primary by then, and all will name that. */
  readonly not: readonly string[];
};

/**
 * Has those give up that have promoted somebody in the place of `primary`, which is to be replaced again, and wait to see that. One
 * that does not answer, or does not act, is left as it is.
 */
export async function giveUpUnseen(
  parts: UnseenPromotionParts,
  primary: string,
  sights: readonly SentinelSight[],
): Promise<GivenUp> {
  const underWay = sights.flatMap(({ sentinel, view }, index) => {
    const acts = view.is === 'seen' && view.failoverUnderWay && !view.pauses;
    return acts && view.primary === primary ? [{ sentinel, index }] : [];
  });
  // Mostly there is none, and every moment counts.
  if (underWay.length === 0) return { by: [], not: [] };
  const by: number[] = [];
  const not: string[] = [];
  const end = async ({ sentinel, index }: (typeof underWay)[number]): Promise<void> => {
    const ended = await endOne(parts, index);
    if (ended === 'given up') by.push(index);
    if (ended === 'seen') not.push(`${sentinel} has seen by now whom it promoted`);
  };
  await Promise.all(underWay.map(end));
  return { by, not };
}

async function endOne(
  parts: UnseenPromotionParts,
  sentinel: number,
): Promise<'given up' | 'seen' | 'as it was'> {
  const { host, failoverState } = parts;
  if ((await failoverState(sentinel)) !== WAITS) return 'as it was';
  if (!(await setFailoverTimeout(parts, sentinel, 1))) return 'as it was';
  const endMs = host.monotonicMs() + WITHIN_MS;
  let state = WAITS;
  while (state === WAITS && host.monotonicMs() < endMs) {
    await sleep(host, LOOK_MS);
    state = await failoverState(sentinel);
  }
  // Where this fails, its own warden sets it right.
  await setFailoverTimeout(parts, sentinel, parts.failoverTimeoutMs);
  if (state === WAITS) return 'as it was';
  return state === '' ? 'given up' : 'seen';
}

async function setFailoverTimeout(
  { ask, primaryName }: UnseenPromotionParts,
  sentinel: number,
  ms: number,
): Promise<boolean> {
  try {
    const [reply] = await ask(sentinel, [['SENTINEL', 'SET', primaryName, 'failover-timeout', String(ms)]]);
    return !(reply instanceof RedisError);
  } catch (error) {
    if (!(error instanceof NodeUnavailable)) throw error;
    // It may have been taken all the same: then it gives up, as it should.
    return error.sent;
  }
}
