/** A dashboard in few words, and its form for Grafana. */

export type Panel =
  | { readonly is: 'row'; readonly title: string }
  | {
      readonly is: 'line' | 'number';
      readonly title: string;
      readonly expr: string;
      readonly unit: string;
      readonly legend: string;
      /** Red from this value on. */
      readonly redFrom?: number;
    };

export type Dashboard = { readonly name: string; readonly title: string; readonly panels: readonly Panel[] };

/** A heading over what follows. */
export const row = (title: string): Panel => ({ is: 'row', title });

/** Lines over time, one for each series. */
export const line = (title: string, expr: string, unit: string, legend: string): Panel => ({
  is: 'line',
  title,
  expr,
  unit,
  legend,
});

/** One number of now. */
export const number = (title: string, expr: string, { redFrom }: { readonly redFrom: number }): Panel => ({
  is: 'number',
  title,
  expr,
  unit: 'short',
  legend: '',
  redFrom,
});

/** The data source that the dashboards read from; provisioning gives it this id. */
export const DATA_SOURCE = { type: 'prometheus', uid: 'holdfast-prometheus' };

const COLUMNS = 24;
const SIZES = { row: { w: 24, h: 1 }, line: { w: 12, h: 8 }, number: { w: 6, h: 4 } } as const;
/** Grafana's version of the form, which it brings up to date itself. */
const SCHEMA = 39;

/** The JSON of a dashboard, as Grafana reads it. */
export function dashboardText({ name, title, panels }: Dashboard): string {
  const dashboard = {
    uid: `holdfast-${name}`,
    title,
    tags: ['holdfast'],
    editable: false,
    schemaVersion: SCHEMA,
    refresh: '10s',
    time: { from: 'now-1h', to: 'now' },
    timezone: 'utc',
    panels: placed(panels).map(({ panel, gridPos }, index) => ({
      id: index + 1,
      gridPos,
      ...formOf(panel),
    })),
  };
  return `${JSON.stringify(dashboard, undefined, 1)}\n`;
}

type Place = { readonly x: number; readonly y: number; readonly w: number; readonly h: number };

/** From left to right, and on to the next line where one is full. */
function placed(panels: readonly Panel[]): readonly { readonly panel: Panel; readonly gridPos: Place }[] {
  let [x, y, tallest] = [0, 0, 0];
  return panels.map((panel) => {
    const { w, h } = SIZES[panel.is];
    if (x + w > COLUMNS) [x, y, tallest] = [0, y + tallest, 0];
    const gridPos = { x, y, w, h };
    x += w;
    tallest = Math.max(tallest, h);
    return { panel, gridPos };
  });
}

function formOf(panel: Panel) {
  if (panel.is === 'row') return { type: 'row', title: panel.title, collapsed: false, panels: [] };
  const steps = [
    { color: 'green', value: null },
    ...(panel.redFrom === undefined ? [] : [{ color: 'red', value: panel.redFrom }]),
  ];
  return {
    type: panel.is === 'line' ? 'timeseries' : 'stat',
    title: panel.title,
    datasource: DATA_SOURCE,
    fieldConfig: {
      defaults: {
        unit: panel.unit,
        min: 0,
        ...(panel.is === 'number' ? { thresholds: { mode: 'absolute', steps } } : {}),
      },
      overrides: [],
    },
    targets: [{ refId: 'A', datasource: DATA_SOURCE, expr: panel.expr, legendFormat: panel.legend }],
  };
}
