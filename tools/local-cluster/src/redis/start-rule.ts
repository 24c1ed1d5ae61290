/**
 * As what a Redis node starts: the place that the wardens' start gate will take over.
 *
 * - A cold start (no node ran): the one whose data was the primary's last starts as primary, the others as replicas.
 * - Any other start asks the Sentinels. Named another one: a replica of that one. Named this one: a failover may be
 *   under way, so wait; when they still name it at the limit, nothing was promoted and its own data is the newest. When
 *   no other node answers, none can be promoted, and there is nothing to wait for.
 */
import type { Endpoint, Host } from '@holdfast/ha-core';
import { endpointName, type Role } from '@holdfast/redis';
import type { SentinelView } from './questions.ts';

/** Undefined: as primary, with its own data. */
export type ReplicaOf = Endpoint | undefined;

export type OtherNode = { readonly endpoint: Endpoint; readonly role: Role };

export type LiveStartOptions = {
  readonly self: Endpoint;
  readonly host: Host;
  /** Views of the Sentinels that answer. */
  readonly sentinels: () => Promise<readonly SentinelView[]>;
  /** The other Redis nodes that answer, with what they say of themselves. */
  readonly others: () => Promise<readonly OtherNode[]>;
  /** Who was primary last, for when nobody can be asked. */
  readonly lastPrimary: () => Endpoint;
  readonly limitMs: number;
  /** True once nobody wants the start any more. */
  readonly stopping: () => boolean;
};

const ASK_EVERY_MS = 200;

/** Decides the start of one node while the others may be running. */
export async function liveStart(options: LiveStartOptions): Promise<ReplicaOf> {
  const { self, host } = options;
  const same = (one: Endpoint): boolean => endpointName(one) === endpointName(self);
  const untilMs = host.monotonicMs() + options.limitMs;
  let named: Endpoint | undefined;
  do {
    named = mostNamed((await options.sentinels()).map(({ primary }) => primary));
    if (named !== undefined && !same(named)) return named;
    const others = await options.others();
    const primary = others.find(({ role }) => role.is === 'primary');
    if (named === undefined && primary !== undefined) return primary.endpoint;
    if (named !== undefined && others.length === 0) return undefined;
    await new Promise<void>((resolve) => void host.after(ASK_EVERY_MS, resolve));
  } while (host.monotonicMs() < untilMs && !options.stopping());
  if (named !== undefined) return undefined;
  const last = options.lastPrimary();
  return same(last) ? undefined : last;
}

/** The endpoint that most name; of as many, the one named first. */
export function mostNamed(endpoints: readonly Endpoint[]): Endpoint | undefined {
  const votes = new Map<string, { readonly endpoint: Endpoint; votes: number }>();
  for (const endpoint of endpoints) {
    const entry = votes.get(endpointName(endpoint)) ?? { endpoint, votes: 0 };
    entry.votes += 1;
    votes.set(endpointName(endpoint), entry);
  }
  return [...votes.values()].sort((a, b) => b.votes - a.votes)[0]?.endpoint;
}

/** The one node that works as primary: it says so, and a replica follows it. A resumed old primary has none. */
export function workingPrimary(roles: ReadonlyMap<string, Role | undefined>): string | undefined {
  const primaries = [...roles].filter(([, role]) => role?.is === 'primary' && role.replicas.length > 0);
  return primaries.length === 1 ? primaries[0]?.[0] : undefined;
}
