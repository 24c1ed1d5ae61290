/** Prometheus with the alert rules, Grafana with the dashboards; both lose nothing but history when they are gone. */
import { basename } from 'node:path';
import { GRAFANA_DATA, PROMETHEUS_DATA, SECRETS_FOLDER } from '../environment/container-places.ts';
import type { Process } from '../environment/processes.ts';
import { fileWriter } from '../files/file-writer.ts';
import { GRAFANA_PROVISIONING, grafanaFiles } from '../files/grafana.ts';
import { PROMETHEUS_FILE, prometheusFiles } from '../files/prometheus.ts';
import type { Stack } from '../stack.ts';
import type { Container } from '../terraform.ts';
import { addContainer } from './container.ts';
import { ownAddress } from './load-balancer.ts';

const KEPT = '30d';

/** Adds Prometheus. */
export function addPrometheus(stack: Stack, process: Process): Container {
  const { values } = stack.environment;
  const { image, limit, address, port } = partsOf(stack, 'prometheus');
  const listens = values.network.mode === 'bridge' ? '0.0.0.0' : address;
  return addContainer(stack, {
    process,
    image,
    limit,
    user: values.users.prometheus,
    ...fileWriter(prometheusFiles(stack.environment)),
    command: [
      'prometheus',
      `--config.file=${PROMETHEUS_FILE}`,
      `--storage.tsdb.path=${PROMETHEUS_DATA}`,
      `--storage.tsdb.retention.time=${KEPT}`,
      `--web.listen-address=${listens}:${port}`,
    ],
    published: { address, port },
    healthTest: ['CMD', 'promtool', 'check', 'healthy', `--url=http://${ownAddress(stack, address)}:${port}`],
    untilHealthy: true,
  });
}

/** Adds Grafana. */
export function addGrafana(stack: Stack, process: Process): Container {
  const { values } = stack.environment;
  const { image, limit, address, port } = partsOf(stack, 'grafana');
  const { entrypoint, env } = fileWriter(grafanaFiles(stack.environment));
  return addContainer(stack, {
    process,
    image,
    limit,
    user: values.users.grafana,
    entrypoint,
    command: ['/run.sh'],
    env: {
      ...env,
      GF_PATHS_PROVISIONING: GRAFANA_PROVISIONING,
      GF_PATHS_DATA: GRAFANA_DATA,
      GF_SERVER_HTTP_ADDR: values.network.mode === 'bridge' ? '0.0.0.0' : address,
      GF_SERVER_HTTP_PORT: String(port),
      GF_SECURITY_ADMIN_PASSWORD__FILE: `${SECRETS_FOLDER}/${basename(values.grafana.adminPasswordFile)}`,
      GF_USERS_ALLOW_SIGN_UP: 'false',
      GF_ANALYTICS_REPORTING_ENABLED: 'false',
      GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
      GF_LOG_MODE: 'console',
    },
    readsSecrets: true,
    published: { address, port },
    healthTest: [
      'CMD',
      'wget',
      '-q',
      '-O',
      '/dev/null',
      `http://${ownAddress(stack, address)}:${port}/api/health`,
    ],
    untilHealthy: true,
  });
}

function partsOf({ environment: { values } }: Stack, kind: 'prometheus' | 'grafana') {
  const [image, limit, place] = [values.images[kind], values.limits[kind], values.published[kind]];
  if (image === undefined || limit === undefined || place === undefined) {
    throw new Error(`${kind} has no image, limits or place: the environment was not checked`);
  }
  return { image, limit, address: place.address, port: place.port };
}
