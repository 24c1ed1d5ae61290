/**
 * The start gate's edge: asks all Sentinels at once, within half a second, and lets the rule of ha-core decide whose
 * replica a Redis node starts as. Whoever starts Redis calls it before each start: the local cluster in its own process,
 * a service manager by gate-main.ts.
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
} from '@holdfast/ha-core';
import { hashOf } from '@holdfast/redis';

/** One question to all Sentinels; a start must not wait longer for those that are cut off. */
const ANSWER_WITHIN_MS = 500;

export type GateOptions = {
  readonly host: Host;
  /** Opens connections to Sentinels. */
  readonly redis: RedisNodes;
  readonly nodes: readonly GateNode[];
  readonly sentinels: readonly GateNode[];
  readonly primaryName: string;
};

/** Whose replica the node `self` starts as, and why. Never rejects for what the outside does. */
export async function passGate(options: GateOptions, self: string): Promise<GateDecision> {
  const { nodes, sentinels } = options;
  const answers = await Promise.all(sentinels.map((sentinel) => ask(options, sentinel)));
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

/** A Sentinel's word; a text says which one gave none, and why. */
async function ask(options: GateOptions, sentinel: GateNode): Promise<SentinelWord | string> {
  const { host, redis, primaryName } = options;
  const untilMs = host.monotonicMs() + ANSWER_WITHIN_MS;
  try {
    const node = await redis.open(sentinel, ANSWER_WITHIN_MS);
    try {
      const [address, state] = await node.run(
        [
          // Right after a promotion only this one has the new address.
          ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', primaryName],
          ['SENTINEL', 'MASTER', primaryName],
        ],
        Math.max(1, untilMs - host.monotonicMs()),
      );
      return wordOf(sentinel, address, state);
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

function endpointOf(reply: RedisReply | undefined): Endpoint | undefined {
  if (!Array.isArray(reply)) return undefined;
  const [host, port] = reply as readonly RedisReply[];
  return { host: String(host), port: Number(port) };
}
