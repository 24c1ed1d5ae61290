/** What Grafana finds at its start: where Prometheus is, and the dashboards. Written as JSON, which is YAML too. */
import type { Environment } from '../environment/load.ts';
import { CONFIGURATION_FOLDER } from '../environment/container-places.ts';
import { containerName } from '../naming.ts';
import { DASHBOARDS } from './dashboards.ts';
import type { File } from './file-writer.ts';
import { DATA_SOURCE, dashboardText } from './panels.ts';

export const GRAFANA_PROVISIONING = `${CONFIGURATION_FOLDER}/grafana`;
const DASHBOARD_FOLDER = `${CONFIGURATION_FOLDER}/dashboards`;

/** Provisioning and dashboards. */
export function grafanaFiles(environment: Environment): readonly File[] {
  const json = (value: unknown): string => `${JSON.stringify(value, undefined, 1)}\n`;
  const dataSource = {
    apiVersion: 1,
    datasources: [
      {
        name: 'Prometheus',
        uid: DATA_SOURCE.uid,
        type: DATA_SOURCE.type,
        access: 'proxy',
        url: prometheusUrl(environment),
        isDefault: true,
        editable: false,
      },
    ],
  };
  const provider = {
    apiVersion: 1,
    providers: [
      { name: 'holdfast', type: 'file', allowUiUpdates: false, options: { path: DASHBOARD_FOLDER } },
    ],
  };
  return [
    { path: `${GRAFANA_PROVISIONING}/datasources/prometheus.yml`, text: json(dataSource) },
    { path: `${GRAFANA_PROVISIONING}/dashboards/holdfast.yml`, text: json(provider) },
    ...DASHBOARDS.map((one) => ({ path: `${DASHBOARD_FOLDER}/${one.name}.json`, text: dashboardText(one) })),
  ];
}

/** In a bridge by Docker's own name, else where it is published. */
function prometheusUrl({ name, values, processes }: Environment): string {
  const prometheus = processes.find(({ kind }) => kind === 'prometheus');
  const { host: address = '', port = 0 } = prometheus?.endpoint ?? {};
  if (values.network.mode === 'bridge') return `http://${containerName(name, 'prometheus')}:${port}`;
  return `http://${address === '0.0.0.0' ? prometheus?.host.address : address}:${port}`;
}
