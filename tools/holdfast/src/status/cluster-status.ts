/** The shape of `holdfast status --json`: what other programs rely on. */
import type { NodeKind } from '@holdfast/topology';
import type { LeaderRow } from '../engine/leaders.ts';
import type { RedisTopology } from '../redis/read-topology.ts';
import type { Comparison } from './sources.ts';

export type NodeStatus = {
  readonly name: string;
  readonly kind: NodeKind;
  /** active or standby (engines, sync), primary or replica (Redis), primary or backup (terminals); null elsewhere or while not known. */
  readonly role: string | null;
  readonly pid: number | null;
  readonly endpoint: string | null;
  readonly healthy: boolean;
  /** What is wrong, or worth knowing; empty when there is nothing to say. */
  readonly detail: string;
};

export type AccountStatus = {
  readonly account: string;
  /** The engine that leads it. */
  readonly active: string | null;
  readonly epoch: string;
  /** State of the trading terminal's connection, as the engine says it; `not known` while nobody can tell. */
  readonly connection: string;
  /** Signals accepted and not finished, and of those the ones with an unknown outcome; null while nobody can tell. */
  readonly pending: number | null;
  readonly unknown: number | null;
  readonly lastResult: unknown;
  /** Who holds the account still, and why; null while nobody does or can tell. */
  readonly pause: { readonly by: string; readonly reason: string; readonly at: number } | null;
  /** The last changes of leader, newest first. */
  readonly leaders: readonly LeaderRow[];
  /** The newest comparison with the terminal; null before there was one, and while no backend answers. */
  readonly reconciliation: Comparison | null;
};

export type ClusterStatus = {
  readonly cluster: string;
  readonly profile: string;
  readonly degraded: boolean;
  /** What a backend says is wrong, in words; empty while none answers. */
  readonly degradedBecause: readonly string[];
  readonly api: { readonly urls: readonly string[]; readonly keyFile: string };
  readonly simulator: { readonly url: string } | null;
  readonly nodes: readonly NodeStatus[];
  /** The in-sync set, the Redis nodes, Sentinels and wardens, the last failovers. */
  readonly redis: RedisTopology;
  readonly accounts: readonly AccountStatus[];
};
