/** What the Sentinels see, each by its own view, and asking one of them for a failover. */
import {
  type Command,
  couldChoose,
  type Endpoint,
  type Host,
  NodeUnavailable,
  RedisError,
  type RedisNode,
  type RedisNodes,
  type RedisReply,
  type SentinelSight,
  sleep,
  votesNeeded,
} from '@holdfast/ha-core';
import { endpointName, hashOf } from '@holdfast/redis';
import { createOwnSettings } from './own-settings.ts';
import { isTilted, readSight, replicasIn } from './sentinel-sight.ts';
import { giveUpUnseen } from './unseen-promotion.ts';

export type SentinelsOptions = {
  readonly host: Host;
  readonly redis: RedisNodes;
  readonly sentinels: readonly Endpoint[];
  /** Sentinel's name for the primary. */
  readonly primaryName: string;
  /** Whether the Sentinels' own periods are shortened; not where their timer alone fails over. */
  readonly hurried: boolean;
  /** The Sentinel that this warden keeps, by its place, and the down-after time that it should have now. */
  readonly own: number;
  readonly downAfterMs: () => number;
  /** What the failover timeout of each of them is. */
  readonly failoverTimeoutMs: number;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

export type Sentinels = {
  /** Asks all at once; settles within a quarter of a second, sooner where one was silent at the last look. */
  readonly look: () => Promise<readonly SentinelSight[]>;
  /** What the last `look` saw. */
  readonly sights: () => readonly SentinelSight[];
  /**
   * Asks one Sentinel after the other, from `first` on, until one has begun a failover of `primary`. Where `heirs` are given
   * none is asked that could choose another node: one that was cut off may know an old priority. Before, those that have replaced
   * `primary` and have not seen that give it up; refused where one of them has seen it meanwhile.
   */
  readonly failOver: (primary: string, first: number, heirs?: readonly string[]) => Promise<FailoverAsked>;
  /** The state of the failover at one Sentinel (`wait_start`, `send_slaveof_noone` …), '' when there is none or it does not answer. */
  readonly failoverState: (sentinel: number) => Promise<string>;
  readonly close: () => void;
};

export type FailoverAsked =
  | { readonly is: 'begun'; readonly sentinel: number }
  | { readonly is: 'refused'; readonly why: readonly string[] };

const LOOK_DEADLINE_MS = 250;
/** Several round trips of a network that a cluster is on. */
const SILENT_AGAIN_MS = 60;
/**
 * Replicas are asked for INFO this often, so that a priority or an offset is seen soon; Sentinel's own is 10 s. A broken
 * connection is tried again after the ping period: its own of 1 s is longer than our down-after time, so each reset of
 * a connection would count as down. Five of it must be longer than the 1 s that passes between two INFOs in a failover.
 */
const PERIODS: Command = ['SENTINEL', 'DEBUG', 'INFO-PERIOD', '250', 'PING-PERIOD', '300'];
/** How far the epoch of a vote is above every configuration epoch that a Sentinel tells: above its current epoch too. */
const EPOCHS_AHEAD = 16;

/** Nothing is opened before the first question. */
export function createSentinels(options: SentinelsOptions): Sentinels {
  const { redis, sentinels, primaryName } = options;
  const open = new Map<number, RedisNode>();
  let last: readonly SentinelSight[] = [];
  const ownSettings = createOwnSettings({
    ...options,
    downAfterMs: options.hurried ? options.downAfterMs : undefined,
  });

  const ask = async (index: number, commands: readonly Command[]): Promise<RedisReply[]> => {
    const endpoint = sentinels[index];
    if (endpoint === undefined) throw new NodeUnavailable(`there is no Sentinel ${index}`, false);
    let node = open.get(index);
    if (node === undefined) {
      const opened = await redis.open(endpoint, LOOK_DEADLINE_MS);
      node = opened;
      open.set(index, opened);
      opened.onClosed(() => {
        if (open.get(index) === opened) open.delete(index);
      });
      // Lost when the Sentinel restarts, as this connection is.
      if (options.hurried) await opened.run([PERIODS], LOOK_DEADLINE_MS);
    }
    return node.run(commands, LOOK_DEADLINE_MS);
  };

  const nameOf = (index: number): string => {
    const endpoint = sentinels[index];
    return endpoint === undefined ? '' : endpointName(endpoint);
  };

  const sightOf = async (index: number): Promise<SentinelSight> => {
    const sentinel = nameOf(index);
    const askedAtMs = options.host.monotonicMs();
    try {
      const verbs = ['MASTER', 'REPLICAS', 'SENTINELS'];
      const asked = verbs.map((verb): Command => ['SENTINEL', verb, primaryName]);
      const replies = await ask(index, [...asked, ['INFO', 'sentinel']]);
      if (replies.some((reply) => reply instanceof RedisError)) return { sentinel, view: { is: 'silent' } };
      if (index === options.own)
        await ownSettings.setRight(hashOf(replies[0]), (commands) => ask(index, commands));
      return { sentinel, view: readSight(replies, askedAtMs) };
    } catch (error) {
      if (!(error instanceof NodeUnavailable)) throw error;
      return { sentinel, view: { is: 'silent' } };
    }
  };

  /** Those that did not answer when they were last asked, and what was asked and no look waits for. */
  const silent = new Set<number>();
  const unawaited = new Set<number>();

  /**
   * One that was silent holds up a look for a moment only: each look at those that answer would take a quarter of a second. An
   * answer that comes later is too old to be a sight; it is waited for again from the next look on.
   */
  const lookAt = (index: number): Promise<SentinelSight> => {
    const none: SentinelSight = { sentinel: nameOf(index), view: { is: 'silent' } };
    if (unawaited.has(index)) return Promise.resolve(none);
    const wasSilent = silent.has(index);
    const sight = sightOf(index).then((found) => {
      if (found.view.is === 'silent') silent.add(index);
      else silent.delete(index);
      return found;
    });
    if (!wasSilent) return sight;
    unawaited.add(index);
    const settled = sight.finally(() => unawaited.delete(index));
    return Promise.race([settled, sleep(options.host, SILENT_AGAIN_MS).then(() => none)]);
  };

  const failoverState = async (index: number): Promise<string> => {
    try {
      const [reply] = await ask(index, [['SENTINEL', 'MASTER', primaryName]]);
      return hashOf(reply)['failover-state'] ?? '';
    } catch (error) {
      if (!(error instanceof NodeUnavailable)) throw error;
      return '';
    }
  };

  const failOverAt = async (
    index: number,
    primary: string,
    heirs: readonly string[] | undefined,
  ): Promise<true | string> => {
    const endpoint = sentinels[index];
    const name = endpoint === undefined ? '' : endpointName(endpoint);
    try {
      const [named, id, info, replicas] = await ask(index, [
        ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', primaryName],
        ['SENTINEL', 'MYID'],
        ['INFO', 'sentinel'],
        ['SENTINEL', 'REPLICAS', primaryName],
      ]);
      const address = Array.isArray(named) ? (named as readonly RedisReply[]).join(':') : String(named);
      if (address !== primary) return `${name} names ${address}`;
      // It would take the request and act on it when its pause is over, by then on a healthy primary.
      if (isTilted(info)) return `${name} pauses after a jump of its clock (TILT)`;
      const stranger = replicasIn(replicas).find(
        (one) => couldChoose(one) && heirs?.includes(one.endpoint) === false,
      );
      if (stranger !== undefined)
        return `${name} could choose ${stranger.endpoint}, which is not in the in-sync set`;
      await askVotes(index, primary, String(id));
      const [begun] = await ask(index, [['SENTINEL', 'FAILOVER', primaryName]]);
      return begun instanceof RedisError ? `${name}: ${begun.message}` : true;
    } catch (error) {
      if (!(error instanceof NodeUnavailable)) throw error;
      // It may have begun: another Sentinel's failover beside it would promote a second node.
      return error.sent ? true : `${name}: ${error.message}`;
    }
  };

  /**
   * Asks the others for their votes for the one that will lead, as that one would do itself once it sees the primary as
   * down. Without it the others would begin an election of their own after their down-after time, and promote a second
   * node. Goes on as soon as a majority has voted for it: who has not answered by then cannot win any more.
   */
  const askVotes = (leader: number, primary: string, id: string): Promise<void> =>
    new Promise((resolve, reject) => {
      let votes = 1;
      const others = sentinels.flatMap((_, other) => (other === leader ? [] : [other]));
      const asked = others.map(async (other) => {
        if (!(await votesFor(other, primary, id))) return;
        votes += 1;
        if (votes >= votesNeeded(sentinels.length)) resolve();
      });
      Promise.all(asked).then(() => resolve(), reject);
    });

  const votesFor = async (index: number, primary: string, leader: string): Promise<boolean> => {
    const at = primary.lastIndexOf(':');
    const epoch = String(epochs() + EPOCHS_AHEAD);
    try {
      const [reply] = await ask(index, [
        ['SENTINEL', 'IS-MASTER-DOWN-BY-ADDR', primary.slice(0, at), primary.slice(at + 1), epoch, leader],
      ]);
      return Array.isArray(reply) && String((reply as readonly RedisReply[])[1]) === leader;
    } catch (error) {
      if (!(error instanceof NodeUnavailable)) throw error;
      return false;
    }
  };

  /** The highest configuration epoch that any Sentinel has told. */
  const epochs = (): number =>
    Math.max(0, ...last.map(({ view }) => (view.is === 'seen' ? view.configEpoch : 0)));

  return {
    look: async () => {
      last = await Promise.all(sentinels.map((_, index) => lookAt(index)));
      return last;
    },
    sights: () => last,
    failOver: async (primary, first, heirs) => {
      const givenUp = await giveUpUnseen({ ...options, ask, failoverState }, primary, last);
      if (givenUp.not.length > 0) return { is: 'refused', why: givenUp.not };
      const turns = sentinels.map((_, turn) => (first + turn) % sentinels.length);
      const why: string[] = [];
      for (const sentinel of new Set([...givenUp.by, ...turns])) {
        const begun = await failOverAt(sentinel, primary, heirs);
        if (begun === true) return { is: 'begun', sentinel };
        why.push(begun);
      }
      return { is: 'refused', why };
    },
    failoverState,
    close: () => {
      for (const node of open.values()) node.close();
    },
  };
}
