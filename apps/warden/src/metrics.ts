/** A warden's metrics: the set as it is, and the failovers that it asked for. */
import { type Host, type InSyncLevel } from '@holdfast/ha-core';
import type { Metrics } from '@holdfast/process';
import type { FailoverRecord } from './failover.ts';
import type { WardenView } from './view.ts';

const EVERY_MS = 1000;

export type WardenMetrics = {
  readonly failover: (record: FailoverRecord) => void;
  /** Takes the view over once a second, until the returned function is called. */
  readonly follow: (host: Host, view: () => WardenView) => () => void;
};

/** Registers them. */
export function createWardenMetrics(metrics: Metrics): WardenMetrics {
  const failovers = metrics.counter(
    'holdfast_redis_failovers_total',
    'Failovers that this warden asked for',
    undefined,
  );
  const took = metrics.histogram(
    'holdfast_redis_failover_seconds',
    'From the first missed probe to the sight of the new primary',
    undefined,
    [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2, 5],
  );
  const needed = metrics.gauge('holdfast_redis_in_sync', 'Replicas that an acknowledgement needs');
  const term = metrics.gauge('holdfast_redis_term', 'Term of the in-sync record');
  const level = metrics.gauge(
    'holdfast_redis_in_sync_level',
    'Level of the in-sync set: 1 for the one it has',
    ['level'],
  );
  const lag = metrics.gauge('holdfast_redis_replica_lag_bytes', 'Bytes that a replica has not confirmed', [
    'replica',
  ]);
  const promotable = metrics.gauge('holdfast_redis_promotable', '1 while this node may be promoted');
  const pressed = metrics.gauge(
    'holdfast_redis_pressed',
    '1 while a machine of the cluster is short of processors: a silent primary is waited for',
  );
  return {
    failover: ({ tookMs }) => {
      failovers.inc();
      if (tookMs !== undefined) took.observe(tookMs / 1000);
    },
    follow: (host, view) => {
      let ended = false;
      const turn = (): void => {
        if (ended) return;
        const { inSync, replicas, node, pressed: isPressed } = view();
        needed.set(inSync.needed.length);
        term.set(inSync.term);
        for (const one of ['full', 'degraded', 'none'] satisfies InSyncLevel[]) {
          level.set({ level: one }, one === inSync.level ? 1 : 0);
        }
        for (const { endpoint, lagBytes } of replicas) lag.set({ replica: endpoint }, lagBytes);
        promotable.set(node.priority === 100 ? 1 : 0);
        pressed.set(isPressed ? 1 : 0);
        host.after(EVERY_MS, turn);
      };
      turn();
      return () => {
        ended = true;
      };
    },
  };
}
