/** Dashboards and alert rules ask for metrics that the processes register, by the names and labels in their sources. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { profile } from '@holdfast/ha-core';
import { expect, it } from 'vitest';
import { alertRules } from './alerts.ts';
import { DASHBOARDS } from './dashboards.ts';
import { dashboardText } from './panels.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** Names that counters, gauges and histograms are registered under. */
function registered(): ReadonlySet<string> {
  const sources = ['apps', 'libs'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.includes('node_modules'))
      .map((path) => readFileSync(join(ROOT, folder, path), 'utf8')),
  );
  const form = /\.(?:counter|gauge|histogram)\(\s*'(holdfast_\w+)'/g;
  return new Set(sources.flatMap((text) => [...text.matchAll(form)].map(([, name = '']) => name)));
}

const rules = alertRules(profile('fast')).groups.flatMap((group) => group.rules);
const asked = [
  ...rules.map(({ alert, expr }) => [alert, expr] as const),
  ...DASHBOARDS.flatMap(({ panels }) =>
    panels.flatMap((panel) => (panel.is === 'row' ? [] : [[panel.title, panel.expr] as const])),
  ),
];
const namesIn = (expr: string): string[] =>
  [...expr.matchAll(/holdfast_[a-z_]+/g)].map(([name]) => name.replace(/_bucket$/, ''));

it('the names in the sources are found', () => {
  expect(registered()).toContain('holdfast_redis_promotable');
  expect(registered().size).toBeGreaterThan(20);
});

it.each(asked)('%s', (_what, expr) => {
  const known = registered();
  expect(namesIn(expr).filter((name) => !known.has(name))).toEqual([]);
});

it('every metric of the processes is on a dashboard', () => {
  const shown = new Set(asked.flatMap(([, expr]) => namesIn(expr)));
  expect([...registered()].filter((name) => !shown.has(name))).toEqual([]);
});

it('each alert has a name of its own, a severity, what it means and what to do', () => {
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  for (const { labels, annotations } of rules) {
    expect(['critical', 'warning', 'info']).toContain(labels.severity);
    expect(annotations.summary.length * annotations.do.length).toBeGreaterThan(0);
  }
});

it.each(DASHBOARDS)('the dashboard $name has panels that do not lie on each other', (dashboard) => {
  const { panels } = JSON.parse(dashboardText(dashboard)) as {
    panels: { gridPos: { x: number; y: number; w: number; h: number } }[];
  };
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, index) => `${x + (index % w)}:${y + Math.floor(index / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
});
