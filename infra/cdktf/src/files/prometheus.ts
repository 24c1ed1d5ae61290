/**
 * What Prometheus asks, and how often. Written as JSON, which is YAML too. A process is told apart by the label `node`; the
 * label `process` in its own lines is the same name.
 */
import type { Endpoint } from '@holdfast/ha-core';
import type { Environment } from '../environment/load.ts';
import type { Kind, Process } from '../environment/processes.ts';
import { CONFIGURATION_FOLDER } from '../environment/container-places.ts';
import { containerName } from '../naming.ts';
import { alertRules } from './alerts.ts';
import type { File } from './file-writer.ts';

export const PROMETHEUS_FILE = `${CONFIGURATION_FOLDER}/prometheus.yml`;
const RULES_FILE = `${CONFIGURATION_FOLDER}/alerts.yml`;

/** Twice within the shortest wait of an alert. */
export const SCRAPE_EVERY_S = 5;

/** Kinds that answer on /metrics at the address that their configuration names. */
const SCRAPED: readonly Kind[] = ['warden', 'engine', 'backend', 'sync', 'broker'];

/** prometheus.yml and the alert rules. */
export function prometheusFiles(environment: Environment): readonly File[] {
  const { name, values } = environment;
  const settings = {
    global: {
      scrape_interval: `${SCRAPE_EVERY_S}s`,
      evaluation_interval: `${SCRAPE_EVERY_S}s`,
      external_labels: { environment: name },
    },
    rule_files: [RULES_FILE],
    ...(values.alertmanagers.length === 0
      ? {}
      : { alerting: { alertmanagers: [{ static_configs: [{ targets: values.alertmanagers }] }] } }),
    scrape_configs: scrapeConfigs(environment),
  };
  const json = (value: unknown): string => `${JSON.stringify(value, undefined, 1)}\n`;
  return [
    { path: PROMETHEUS_FILE, text: json(settings) },
    { path: RULES_FILE, text: json(alertRules(environment.numbers)) },
  ];
}

function scrapeConfigs(environment: Environment) {
  return [...SCRAPED, 'loadBalancer' as const].flatMap((kind) => {
    const targets = environment.processes
      .filter((process) => process.kind === kind)
      .flatMap((process) => {
        const at = metricsEndpoint(environment, process);
        return at === undefined
          ? []
          : [{ targets: [`${at.host}:${at.port}`], labels: { node: process.name } }];
      });
    return targets.length === 0 ? [] : [{ job_name: `holdfast-${kind}`, static_configs: targets }];
  });
}

function metricsEndpoint({ name, values }: Environment, process: Process): Endpoint | undefined {
  if (process.kind !== 'loadBalancer') return process.endpoint;
  const balancer = values.published.loadBalancers.find((_, index) => process.name.endsWith(`-${index + 1}`));
  if (balancer === undefined) return undefined;
  // Docker's own names lead to the addresses that it handed out.
  const host = values.network.mode === 'bridge' ? containerName(name, process.name) : process.host.address;
  return { host, port: balancer.metricsPort };
}
