/** Metrics of one process in Prometheus' text format; the library's own objects under names that say what they are. */
import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  type PrometheusContentType,
  Registry,
} from '@prometheus-io/client';

export type Metrics = {
  /** A number that only grows. Throws when the name is taken. */
  readonly counter: <Label extends string = never>(
    name: string,
    help: string,
    labels?: readonly Label[],
  ) => Counter<Label>;
  /** A number that goes up and down. Throws when the name is taken. */
  readonly gauge: <Label extends string = never>(
    name: string,
    help: string,
    labels?: readonly Label[],
  ) => Gauge<Label>;
  /** Observations counted in buckets; the unit belongs in the name. Throws when the name is taken. */
  readonly histogram: <Label extends string = never>(
    name: string,
    help: string,
    labels?: readonly Label[],
    buckets?: readonly number[],
  ) => Histogram<Label>;
  /** Everything, as `GET /metrics` answers it. */
  readonly text: () => Promise<string>;
  readonly contentType: string;
};

/** A registry of its own, with the defaults of a Node process, every line labelled `process="<name>"`. */
export function createMetrics(name: string): Metrics {
  const registry = new Registry<PrometheusContentType>();
  registry.setDefaultLabels({ process: name });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    counter: (metric, help, labels = []) =>
      new Counter({ name: metric, help, labelNames: labels, registers }),
    gauge: (metric, help, labels = []) => new Gauge({ name: metric, help, labelNames: labels, registers }),
    histogram: (metric, help, labels = [], buckets) =>
      new Histogram({
        name: metric,
        help,
        labelNames: labels,
        registers,
        ...(buckets === undefined ? {} : { buckets: [...buckets] }),
      }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
