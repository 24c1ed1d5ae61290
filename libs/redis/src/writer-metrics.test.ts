/** The writer's metrics: what a process shows of the set, and the alarm. */
import { expect, it } from 'vitest';
import { createWriterMetrics, type MetricsPort, withWriterView } from './writer-metrics.ts';
import type { WriterView } from './writes.ts';

const VIEW: WriterView = {
  primary: 'a:1',
  inSync: ['b:1'],
  record: { term: 7, change: 1, primary: 'a:1', members: ['b:1'], writes: 3 },
  level: 'degraded',
  waiting: 0,
  lastAcknowledgedAtMs: undefined,
};

/** Metrics that remember the last value by name and labels. */
function memory(): { readonly port: MetricsPort; readonly values: Map<string, number> } {
  const values = new Map<string, number>();
  const key = (name: string, labels: Record<string, string>): string =>
    [name, ...Object.values(labels)].join(' ');
  return {
    values,
    port: {
      gauge: (name) => ({ set: (labels, value) => void values.set(key(name, labels), value) }),
      counter: (name) => ({
        inc: (labels) => void values.set(key(name, labels), (values.get(key(name, labels)) ?? 0) + 1),
      }),
    },
  };
}

it('shows the view each time before the metrics are read', async () => {
  const { port, values } = memory();
  let view = VIEW;
  const shown = createWriterMetrics(port);
  const metrics = withWriterView({ text: () => Promise.resolve([...values].join('\n')) }, shown, () => view);
  expect(await metrics.text()).toBe(
    'holdfast_in_sync_level full,0\nholdfast_in_sync_level degraded,1\nholdfast_in_sync_level none,0\nholdfast_in_sync_needed,1\nholdfast_term,7',
  );
  view = { ...VIEW, primary: undefined, inSync: [], record: undefined, level: 'none' };
  await metrics.text();
  expect(values.get('holdfast_in_sync_level none')).toBe(1);
  expect(values.get('holdfast_in_sync_level degraded')).toBe(0);
  expect(values.get('holdfast_term')).toBe(0);
});

it('counts acknowledged writes that were missing, by call', () => {
  const { port, values } = memory();
  const shown = createWriterMetrics(port);
  shown.missing({ name: 'hf_accept' });
  shown.missing({ name: 'hf_accept' });
  expect(values.get('holdfast_acknowledged_write_missing_total hf_accept')).toBe(2);
});
