/** The backend's own metrics. */
import type { Metrics } from '@holdfast/process';

export type Measures = {
  readonly acceptances: { readonly inc: (labels: { outcome: string }) => void };
  readonly acceptance: { readonly observe: (seconds: number) => void };
  /** All metrics as text, with the present counts. */
  readonly text: (now: { readonly repeating: number; readonly streams: number }) => Promise<string>;
};

const SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5];

/** Registers them; throws when a name is taken. */
export function createMeasures(metrics: Metrics): Measures {
  const repeating = metrics.gauge(
    'holdfast_acceptances_repeating',
    'Writes of unknown outcome that are being repeated',
  );
  const streams = metrics.gauge('holdfast_event_streams', 'Open event streams');
  return {
    acceptances: metrics.counter('holdfast_acceptances_total', 'Signals by what was answered', ['outcome']),
    acceptance: metrics.histogram(
      'holdfast_acceptance_seconds',
      'From the check of a signal to its answer',
      [],
      SECONDS,
    ),
    text: (now) => {
      repeating.set(now.repeating);
      streams.set(now.streams);
      return metrics.text();
    },
  };
}
