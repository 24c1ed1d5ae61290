/**
 * The newest primary that a client has seen: an older one that came back is not written to, and neither is one that was
 * promoted after it had left the set (a command that waited in a frozen node).
 *
 * Two things end that. A node that was promoted, and that nobody has claimed yet, stands above the old primary for as long
 * as it is one. And where every node answers and none has what was seen any more, waiting for it would be waiting for
 * ever: what may have been acknowledged there is written again (written-again.ts), and is an alarm.
 */
import {
  type Endpoint,
  type InSyncRecord,
  isNewer,
  isPassedOver,
  NO_RECORD,
  NodeUnavailable,
  primaryRank,
  type RedisNodes,
} from '@holdfast/ha-core';
import { parseRecord, READ_RECORD } from './in-sync-record.ts';
import { endpointName, parseRole } from './role.ts';

export type NewestSeen = {
  /** A node said that it is primary, with this record. */
  readonly saw: (record: InSyncRecord, endpoint: Endpoint) => void;
  /** Why a node with this record is not the present primary; undefined when it may be. Never rejects. */
  readonly older: (record: InSyncRecord, endpoint: Endpoint) => Promise<string | undefined>;
};

export type NewestSeenOptions = {
  readonly redis: RedisNodes;
  readonly nodes: readonly Endpoint[];
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

const ANSWER_WITHIN_MS = 200;

type Answer = { readonly endpoint: Endpoint; readonly isPrimary: boolean; readonly record: InSyncRecord };

/** Has seen nothing yet. */
export function createNewestSeen({ redis, nodes, log }: NewestSeenOptions): NewestSeen {
  /** Of a primary that has claimed: its record speaks for itself. */
  let claimed: InSyncRecord = NO_RECORD;
  let promoted: { readonly endpoint: Endpoint; readonly rank: number } | undefined;

  const leastRank = (): number => Math.max(claimed.term, promoted?.rank ?? 0);

  const reason = (record: InSyncRecord, name: string): string | undefined => {
    if (isPassedOver(record, name, claimed)) {
      return `it is no member of the set of ${claimed.primary} (term ${claimed.term}, change ${claimed.change})`;
    }
    const rank = primaryRank(record, name);
    const least = leastRank();
    return rank < least ? `it is older (${rank}) than a primary that was seen before (${least})` : undefined;
  };

  /** Drops what was seen where no node has it any more. */
  const lookAgain = async (): Promise<void> => {
    const answers = await Promise.all(nodes.map((node) => ask(redis, node)));
    const there = answers.flatMap((answer) => answer ?? []);
    const follows = there.some(
      ({ endpoint, isPrimary }) =>
        !isPrimary && promoted !== undefined && endpointName(endpoint) === endpointName(promoted.endpoint),
    );
    if (follows) promoted = undefined;
    if (there.length < nodes.length) return;
    const [first = NO_RECORD, ...others] = there.map(({ record }) => record);
    const newest = others.reduce((best, other) => (isNewer(other, best) ? other : best), first);
    if (!isNewer({ ...claimed, writes: 0 }, { ...newest, writes: 0 })) return;
    log('term_gone', { term: claimed.term, change: claimed.change, newest: newest.term });
    claimed = newest;
  };

  return {
    saw: (record, endpoint) => {
      const rank = primaryRank(record, endpointName(endpoint));
      if (rank < leastRank()) return;
      if (record.primary !== endpointName(endpoint)) promoted = { endpoint, rank };
      else if (record.term > claimed.term || record.change >= claimed.change) claimed = record;
    },
    older: async (record, endpoint) => {
      const name = endpointName(endpoint);
      if (reason(record, name) === undefined) return undefined;
      await lookAgain();
      return reason(record, name);
    },
  };
}

/** What a node says of itself; undefined when it says nothing, or still loads its data. */
async function ask(redis: RedisNodes, endpoint: Endpoint): Promise<Answer | undefined> {
  try {
    const node = await redis.open(endpoint, ANSWER_WITHIN_MS);
    try {
      const [reply, record] = await node.run([['ROLE'], READ_RECORD], ANSWER_WITHIN_MS);
      const role = parseRole(reply);
      if (role.is === 'other') return undefined;
      return { endpoint, isPrimary: role.is === 'primary', record: parseRecord(record) ?? NO_RECORD };
    } finally {
      node.close();
    }
  } catch (error) {
    if (error instanceof NodeUnavailable) return undefined;
    throw error;
  }
}
