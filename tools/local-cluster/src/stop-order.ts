/**
 * In which order nodes stop: what takes signals, what carries them, what stores results, then all that these need.
 * Wardens go before Sentinel and Redis: a node that stops by order is no reason for a failover.
 */
import type { NodeKind } from '@holdfast/topology';

/** Lower stops first. */
const WAVES: Readonly<Record<NodeKind, number>> = {
  backend: 1,
  engine: 2,
  sync: 3,
  terminal: 4,
  warden: 4,
  broker: 5,
  clickhouse: 5,
  sentinel: 5,
  redis: 6,
};

/** After the processes' own limits. */
const WITHIN_MS: Readonly<Record<NodeKind, number>> = {
  backend: 10_000,
  engine: 7000,
  sync: 12_000,
  terminal: 5000,
  warden: 5000,
  broker: 5000,
  clickhouse: 12_000,
  sentinel: 5000,
  redis: 12_000,
};

/** The wave of a node. The primary goes after its replicas, so that it holds all that any of them holds. */
export function stopWave(kind: NodeKind, isPrimary: boolean): number {
  return WAVES[kind] + (isPrimary ? 1 : 0);
}

/** How long a node may take to stop before it is killed. */
export function stopWithinMs(kind: NodeKind): number {
  return WITHIN_MS[kind];
}
