/** Metrics: own registry, the library's objects, Prometheus' text. */
import { expect, test } from 'vitest';
import { createMetrics } from './metrics.ts';

test('counter, gauge and histogram appear in the text with the name of the process', async () => {
  const metrics = createMetrics('engine-1');
  metrics.counter('holdfast_signals_total', 'signals', ['account']).inc({ account: 'demo' }, 2);
  metrics.gauge('holdfast_pending', 'waiting').set(7);
  metrics.histogram('holdfast_acknowledge_ms', 'time', [], [1, 10]).observe(5);
  const text = await metrics.text();
  expect(text).toContain('holdfast_signals_total{account="demo",process="engine-1"} 2');
  expect(text).toContain('holdfast_pending{process="engine-1"} 7');
  expect(text).toContain('holdfast_acknowledge_ms_bucket{le="1",process="engine-1"} 0');
  expect(text).toContain('holdfast_acknowledge_ms_bucket{le="10",process="engine-1"} 1');
  expect(text).toContain('process_resident_memory_bytes');
  expect(text).toContain('nodejs_eventloop_lag');
  expect(metrics.contentType).toContain('text/plain');
});

test('two sets of metrics in one process do not meet; one name is had once', async () => {
  const one = createMetrics('one');
  const two = createMetrics('two');
  one.counter('holdfast_signals_total', 'signals').inc();
  two.counter('holdfast_signals_total', 'signals');
  expect(await two.text()).toContain('holdfast_signals_total{process="two"} 0');
  expect(() => one.gauge('holdfast_signals_total', 'again')).toThrow('holdfast_signals_total');
});
