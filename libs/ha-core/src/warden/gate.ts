/**
 * The start gate: how a Redis node starts (ARCHITECTURE section 5, "Warden").
 *
 * A node never trusts what it remembers: it may have been primary, and another may have been promoted since. Nor may it
 * throw away at once what it has: whom the Sentinels name may be an older primary that came back, and following it would
 * replace the node's data by less. So it always starts holding: with priority 0, as a replica of itself. Nobody can take
 * its data, it takes nobody's, and its record can be read. Its warden compares, and makes it follow a primary that has
 * all of its data; where there is none, the wardens decide by the data. Where its warden is dead, Sentinel makes it
 * follow whom it names, some seconds later.
 *
 * What the Sentinels say is told in the log. The one on the node's own host was off or cut off with it and knows no more
 * than the node, so that the others count.
 */
import type { Endpoint } from '../ports/network.ts';

export type GateNode = Endpoint & { readonly name: string };

/** What one Sentinel answers. */
export type SentinelWord = {
  readonly sentinel: string;
  /** The primary that it names. */
  readonly primary: Endpoint;
  /** Grows with each failover; of two words the one with the higher epoch is the later one. */
  readonly configEpoch: number;
};

export type GateQuestion = {
  /** Name of the node that starts. */
  readonly self: string;
  /** All Redis nodes, in the order of the configuration. */
  readonly nodes: readonly GateNode[];
  readonly sentinels: readonly GateNode[];
  /** Of those that answered in time. */
  readonly words: readonly SentinelWord[];
};

export type GateDecision = {
  /** The node itself; undefined only where the configuration has no other node: then it is the primary. */
  readonly replicaOf: GateNode | undefined;
  /** One sentence for the log. */
  readonly why: string;
};

const sameEndpoint = (one: Endpoint, other: Endpoint): boolean =>
  one.host === other.host && one.port === other.port;

/** Decides a start. Throws when `self` is none of the nodes. */
export function decideStart(question: GateQuestion): GateDecision {
  const { self, nodes, sentinels, words } = question;
  const index = nodes.findIndex(({ name }) => name === self);
  const own = nodes[index];
  if (own === undefined) throw new Error(`${self} is none of ${nodes.map(({ name }) => name).join(', ')}`);
  if (nodes.length === 1) return { replicaOf: undefined, why: 'there is no other node' };
  const beside = sentinelsBeside(self, nodes, sentinels);
  const ofOthers = words.filter(({ sentinel }) => !beside.has(sentinel));
  const heard = ofOthers.length > 0 ? ofOthers : words;
  return { replicaOf: own, why: said(nodes, own, heard, ofOthers.length > 0) };
}

function said(
  nodes: readonly GateNode[],
  own: GateNode,
  heard: readonly SentinelWord[],
  others: boolean,
): string {
  if (heard.length === 0) return 'no Sentinel answers';
  const named = mostNamed(nodes, heard);
  if (named === undefined) {
    const strange = heard.map(({ sentinel, primary }) => `${sentinel}: ${primary.host}:${primary.port}`);
    return `the Sentinels name no node of the configuration (${strange.join(', ')})`;
  }
  const who = others
    ? `${named.votes} of ${heard.length} other Sentinels name`
    : 'only the Sentinel beside it answers, and names';
  return `${who} ${named.node === own ? 'this node itself' : named.node.name}`;
}

/** The node that most words name; of as many, the one of the latest word. Names that the configuration has not do not count. */
function mostNamed(
  nodes: readonly GateNode[],
  words: readonly SentinelWord[],
): { readonly node: GateNode; readonly votes: number } | undefined {
  return nodes
    .map((node) => {
      const own = words.filter(({ primary }) => sameEndpoint(primary, node));
      const latest = Math.max(...own.map(({ configEpoch }) => configEpoch));
      return { node, votes: own.length, latest };
    })
    .filter(({ votes }) => votes > 0)
    .sort((one, other) => other.votes - one.votes || other.latest - one.latest)[0];
}

/**
 * Names of the Sentinels that stand beside a node: those on its host; where all stand on one host (everything on one
 * machine), the one at the same place of its list.
 */
export function sentinelsBeside(
  self: string,
  nodes: readonly GateNode[],
  sentinels: readonly GateNode[],
): ReadonlySet<string> {
  const index = nodes.findIndex(({ name }) => name === self);
  const host = nodes[index]?.host;
  const onHost = sentinels.filter((sentinel) => sentinel.host === host);
  const beside = onHost.length < sentinels.length ? onHost : sentinels.slice(index, index + 1);
  return new Set(beside.map(({ name }) => name));
}
