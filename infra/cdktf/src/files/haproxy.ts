/**
 * The load balancer's configuration: every backend that says on /readyz that it can accept signals, and no other. A signal
 * is sent to another backend only when the first could not be reached at all; one that was sent is the client's to repeat,
 * by its id.
 */
import { LIMITS, type Profile } from '@holdfast/ha-core';
import type { Environment } from '../environment/load.ts';
import type { Process } from '../environment/processes.ts';
import type { EnvironmentValues } from '../environment/schema.ts';
import { CONFIGURATION_FOLDER } from '../environment/container-places.ts';

export const HAPROXY_FILE = `${CONFIGURATION_FOLDER}/haproxy.cfg`;
/** 200 while a backend is ready. A path of its own: /readyz is the backends'. */
export const HAPROXY_HEALTH = '/load-balancer/healthz';

type Balancer = EnvironmentValues['published']['loadBalancers'][number];

/** Between two looks at a backend. A dead one is not waited for: its refused connection sends the request elsewhere. */
const CHECK_EVERY_MS = 500;
/** Above what a backend takes for its longest answer, and above the heartbeat of its event streams (10 s). */
const SILENCE_MS = 15_000;

/** A failover of Redis is shorter than this many failed looks: signals wait for it at a backend, and are not refused here. */
export function checksToDown(numbers: Profile): number {
  const failoverMs = numbers.sentinelDownAfterMs + numbers.sentinelFailoverTimeoutMs;
  return Math.max(3, Math.ceil(Math.min(failoverMs, LIMITS.acceptanceDeadlineMs) / CHECK_EVERY_MS));
}

/** haproxy.cfg of one load balancer. */
export function haproxyText(environment: Environment, process: Process, balancer: Balancer): string {
  const { values, processes, numbers } = environment;
  const isBridge = values.network.mode === 'bridge';
  const backends = processes.filter(({ kind }) => kind === 'backend');
  const sections = [
    ['global', 'log stdout format raw local0 notice', 'maxconn 4096', `hard-stop-after ${SILENCE_MS}ms`],
    [
      'defaults',
      'mode http',
      'log global',
      'option dontlognull',
      'retries 2',
      'option redispatch 1',
      `timeout connect ${LIMITS.dialDeadlineMs}ms`,
      `timeout check ${LIMITS.commandDeadlineMs}ms`,
      'timeout http-request 10s',
      `timeout client ${SILENCE_MS}ms`,
      `timeout server ${SILENCE_MS}ms`,
      'timeout http-keep-alive 60s',
    ],
    [
      'frontend api',
      `bind ${isBridge ? '0.0.0.0' : balancer.address}:${balancer.port}`,
      `monitor-uri ${HAPROXY_HEALTH}`,
      'acl nobody_ready nbsrv(backends) lt 1',
      'monitor fail if nobody_ready',
      // A backend's own numbers are for Prometheus, which asks each by itself.
      'http-request deny deny_status 404 if { path /metrics }',
      'default_backend backends',
    ],
    [
      'backend backends',
      'balance leastconn',
      'option httpchk',
      'http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host holdfast',
      'http-check expect status 200',
      `default-server check inter ${CHECK_EVERY_MS}ms fall ${checksToDown(numbers)} rise 1`,
      ...backends.map(({ name, endpoint }) => `server ${name} ${endpoint?.host}:${endpoint?.port}`),
    ],
    [
      'frontend metrics',
      `bind ${isBridge ? '0.0.0.0' : process.host.address}:${balancer.metricsPort}`,
      'no log',
      'http-request use-service prometheus-exporter if { path /metrics }',
      'http-request deny deny_status 404',
    ],
  ];
  const head = `# The load balancer of the environment ${environment.name}; made from its description.`;
  return `${[[head], ...sections].map(([first, ...lines]) => [first, ...lines.map((line) => `  ${line}`)].join('\n')).join('\n\n')}\n`;
}
