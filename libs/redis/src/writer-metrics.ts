/**
 * The metrics of an acknowledged writer, the same in every process that has one. The port below is what of the process's
 * metrics it needs: this library and that one stand side by side.
 */
import type { InSyncLevel } from '@holdfast/ha-core';
import type { FunctionCall, WriterView } from './writes.ts';

type Gauge = { readonly set: (labels: Record<string, string>, value: number) => void };
type Counter = { readonly inc: (labels: Record<string, string>) => void };

export type MetricsPort = {
  readonly gauge: (name: string, help: string, labels: readonly string[]) => Gauge;
  readonly counter: (name: string, help: string, labels: readonly string[]) => Counter;
};

export type WriterMetrics = {
  /** For the writer's `onMissing`. */
  readonly missing: (call: Pick<FunctionCall, 'name'>) => void;
  /** Takes a view over; called before the metrics are read. */
  readonly show: (view: WriterView) => void;
};

const LEVELS = ['full', 'degraded', 'none'] as const satisfies InSyncLevel[];

/** Registers them. Throws when a name is taken. */
export function createWriterMetrics(metrics: MetricsPort): WriterMetrics {
  const level = metrics.gauge(
    'holdfast_in_sync_level',
    'Level of the in-sync set as this process sees it: 1 for the one it has; none also without a primary',
    ['level'],
  );
  const needed = metrics.gauge('holdfast_in_sync_needed', 'Replicas that an acknowledgement needs', []);
  const term = metrics.gauge('holdfast_term', 'Term of the in-sync record; 0 while there is no primary', []);
  const missing = metrics.counter(
    'holdfast_acknowledged_write_missing_total',
    'Acknowledged writes that were not there after a change of primary, and were written again: an alarm',
    ['call'],
  );
  return {
    missing: ({ name }) => missing.inc({ call: name }),
    show: (view) => {
      for (const one of LEVELS) level.set({ level: one }, one === view.level ? 1 : 0);
      needed.set({}, view.inSync.length);
      term.set({}, view.record?.term ?? 0);
    },
  };
}

/** The process's metrics, with the writer's view taken over each time before they are read. */
export function withWriterView<Metrics extends { readonly text: () => Promise<string> }>(
  metrics: Metrics,
  shown: WriterMetrics,
  view: () => WriterView,
): Metrics {
  return {
    ...metrics,
    text: () => {
      shown.show(view());
      return metrics.text();
    },
  };
}
