/**
 * The start gate's edge: asks all Sentinels at once, within half a second, and lets the rule of ha-core decide how a
 * Redis node starts. Whoever starts Redis calls it before each start: the local cluster in its own process,
 * a service manager by gate-main.ts.
 *
 * A node that ran a moment ago waits: a Sentinel remembers the priority of its last INFO, and asks for another one when the
 * node is back only if that is old enough. Until then it could promote the node by the priority of its former life. One
 * that has chosen the node already promotes it as soon as it is back, whatever it has by then, until its failover times out.
 */
import {
  decideStart,
  type Endpoint,
  type GateDecision,
  type GateNode,
  type Host,
  NodeUnavailable,
  RedisError,
  type RedisNodes,
  type RedisReply,
  type SentinelWord,
  sleep,
} from '@holdfast/ha-core';
import { hashOf } from '@holdfast/redis';

/** One question to all Sentinels; a start must not wait longer for those that are cut off. */
const ANSWER_WITHIN_MS = 500;
/** In a failover Sentinel asks its replicas for INFO where the last is older than a second. */
const INFO_OLD_MS = 1100;
/** So long a start waits for that at most: a Sentinel that goes on to see the node sees another process. */
const OLD_WITHIN_MS = 2500;
/** Longer than the longest failover timeout of the profiles. */
const CHOSEN_WITHIN_MS = 6000;
const AGAIN_MS = 100;

export type GateOptions = {
  readonly host: Host;
  /** Opens connections to Sentinels. */
  readonly redis: RedisNodes;
  readonly nodes: readonly GateNode[];
  readonly sentinels: readonly GateNode[];
  readonly primaryName: string;
};

/** How the node `self` starts, and whom the Sentinels name. Never rejects for what the outside does. */
export async function passGate(options: GateOptions, self: string): Promise<GateDecision> {
  const { host, nodes, sentinels } = options;
  const own = nodes.find(({ name }) => name === self);
  const askAll = () => Promise.all(sentinels.map((sentinel) => ask(options, sentinel, own)));
  const beganMs = host.monotonicMs();
  let answers = await askAll();
  while (mustWait(answers, host.monotonicMs() - beganMs)) {
    await sleep(host, AGAIN_MS);
    answers = await askAll();
  }
  const words = answers.filter((answer) => typeof answer !== 'string');
  const silent = answers.filter((answer) => typeof answer === 'string');
  const { replicaOf, why } = decideStart({ self, nodes, sentinels, words });
  return { replicaOf, why: silent.length === 0 ? why : `${why} (no word from ${silent.join('; ')})` };
}

/** What redis.conf has to say of a decision: two lines, or one where there is nobody to follow. */
export function gateLines({ replicaOf }: GateDecision): string {
  const follow = replicaOf === undefined ? '' : `replicaof ${replicaOf.host} ${replicaOf.port}\n`;
  return `${follow}replica-priority 0\n`;
}

/** How a node starts, and why, for the log: without its name. */
export function startText({ replicaOf, why }: GateDecision): string {
  const as =
    replicaOf === undefined ? 'as the only node' : 'holding, with priority 0, until its warden has compared';
  return `starts ${as}: ${why}`;
}

/**
 * A Sentinel's word, how old its INFO of the node is where that says that the node may be promoted, and whether it has
 * chosen the node.
 */
type Heard = SentinelWord & { readonly infoMs: number | undefined; readonly chosen: boolean };

const mustWait = (answers: readonly (Heard | string)[], waitedMs: number): boolean =>
  (answers.some(remembers) && waitedMs < OLD_WITHIN_MS) ||
  (answers.some((heard) => typeof heard !== 'string' && heard.chosen) && waitedMs < CHOSEN_WITHIN_MS);

const remembers = (heard: Heard | string): boolean =>
  typeof heard !== 'string' && heard.infoMs !== undefined && heard.infoMs < INFO_OLD_MS;

/** A Sentinel's word; a text says which one gave none, and why. */
async function ask(
  options: GateOptions,
  sentinel: GateNode,
  own: GateNode | undefined,
): Promise<Heard | string> {
  const { host, redis, primaryName } = options;
  const untilMs = host.monotonicMs() + ANSWER_WITHIN_MS;
  try {
    const node = await redis.open(sentinel, ANSWER_WITHIN_MS);
    try {
      const [address, state, replicas] = await node.run(
        [
          // Right after a promotion only this one has the new address.
          ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', primaryName],
          ['SENTINEL', 'MASTER', primaryName],
          ['SENTINEL', 'REPLICAS', primaryName],
        ],
        Math.max(1, untilMs - host.monotonicMs()),
      );
      const word = wordOf(sentinel, address, state);
      if (typeof word === 'string') return word;
      const row = rowOf(replicas, own);
      const chosen = (row?.['flags'] ?? '').split(',').includes('promoted');
      return { ...word, infoMs: infoAge(row), chosen };
    } finally {
      node.close();
    }
  } catch (error) {
    if (error instanceof NodeUnavailable) return `${sentinel.name}: ${error.message}`;
    throw error;
  }
}

function wordOf(
  sentinel: GateNode,
  address: RedisReply | undefined,
  state: RedisReply | undefined,
): SentinelWord | string {
  if (address instanceof RedisError) return `${sentinel.name}: ${address.message}`;
  const primary = endpointOf(address);
  if (primary === undefined) return `${sentinel.name}: it knows no primary of this name`;
  const configEpoch = Number(hashOf(state)['config-epoch'] ?? 0);
  return { sentinel: sentinel.name, primary, configEpoch };
}

type Row = Readonly<Record<string, string>>;

function rowOf(replicas: RedisReply | undefined, own: GateNode | undefined): Row | undefined {
  const rows = Array.isArray(replicas) ? (replicas as readonly RedisReply[]).map(hashOf) : [];
  return rows.find((one) => one['ip'] === own?.host && one['port'] === String(own?.port));
}

function infoAge(row: Row | undefined): number | undefined {
  const age = Number(row?.['info-refresh'] ?? 0);
  // 0 stands for no INFO at all: then it cannot be chosen.
  return row === undefined || row['slave-priority'] === '0' || age === 0 ? undefined : age;
}

function endpointOf(reply: RedisReply | undefined): Endpoint | undefined {
  if (!Array.isArray(reply)) return undefined;
  const [host, port] = reply as readonly RedisReply[];
  return { host: String(host), port: Number(port) };
}
