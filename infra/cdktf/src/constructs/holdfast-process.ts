/** A container of one of our own images: its configuration travels in its environment, and its entry point writes it. */
import { CONFIGURATION_FILE, SECRETS_FOLDER } from '../environment/container-places.ts';
import type { Kind, Process } from '../environment/processes.ts';
import type { EnvironmentValues } from '../environment/schema.ts';
import { clusterFile } from '../files/cluster-file.ts';
import type { Stack } from '../stack.ts';
import type { Container } from '../terraform.ts';
import { addContainer } from './container.ts';

/** The user in all of our images. */
export const OWN_USER = '10001:10001';

type OwnKind = Exclude<Kind, 'clickhouse' | 'loadBalancer' | 'prometheus' | 'grafana'>;

type Form = {
  readonly image: keyof EnvironmentValues['images'];
  readonly limit: keyof EnvironmentValues['limits'];
  /** The first argument, where an image has several programs. */
  readonly word?: string;
  /** Whether the program finds itself in the configuration by `--name`. */
  readonly isNamed: boolean;
  readonly readsSecrets: boolean;
  /** Redis and its Sentinels are whole only together, so each by itself only has to answer. */
  readonly untilHealthy: boolean;
};

const app = { isNamed: true, readsSecrets: true, untilHealthy: true };
const keeper = { image: 'redis', isNamed: true, readsSecrets: true } as const;

const FORMS: Readonly<Record<OwnKind, Form>> = {
  redis: { ...keeper, limit: 'redis', word: 'redis', untilHealthy: false },
  sentinel: { ...keeper, limit: 'sentinel', word: 'sentinel', untilHealthy: false },
  warden: { ...keeper, limit: 'warden', word: 'warden', untilHealthy: true },
  engine: { ...app, image: 'engine', limit: 'engine' },
  backend: { ...app, image: 'backend', limit: 'backend' },
  sync: { ...app, image: 'sync', limit: 'sync', isNamed: false },
  broker: {
    image: 'simulator',
    limit: 'simulator',
    word: 'broker',
    isNamed: false,
    readsSecrets: false,
    untilHealthy: true,
  },
  terminal: { ...app, image: 'simulator', limit: 'simulator', word: 'terminal' },
};

export const isOwn = (process: Process): process is Process & { readonly kind: OwnKind } =>
  process.kind in FORMS;

/** Adds the container of one process of the cluster. */
export function addHoldfastProcess(stack: Stack, process: Process & { readonly kind: OwnKind }): Container {
  const { environment } = stack;
  const { values, numbers } = environment;
  const form = FORMS[process.kind];
  const [image, limit] = [values.images[form.image], values.limits[form.limit]];
  if (image === undefined || limit === undefined) {
    throw new Error(`${process.name} has no image or no limits: the environment was not checked`);
  }
  const delayMs = process.kind === 'redis' ? numbers.redisRestartDelayMs : numbers.restartDelayMs;
  return addContainer(stack, {
    process,
    image,
    limit,
    user: OWN_USER,
    command: [
      ...(form.word === undefined ? [] : [form.word]),
      '--config',
      CONFIGURATION_FILE,
      ...(form.isNamed ? ['--name', process.name] : []),
    ],
    env: {
      HOLDFAST_CONFIG: clusterFile(environment, process.kind),
      // Docker has no delay of its own; the entry point waits.
      HOLDFAST_RESTART_DELAY_MS: String(delayMs),
      CREDENTIALS_DIRECTORY: SECRETS_FOLDER,
    },
    readsSecrets: form.readsSecrets,
    healthTest: ['CMD', '/usr/local/bin/node', '/app/healthcheck.js', ...question(stack, process)],
    untilHealthy: form.untilHealthy,
  });
}

/** What the health check asks, and what the answer must hold. */
function question({ environment }: Stack, { kind, name, endpoint }: Process): readonly string[] {
  const { cluster } = environment;
  if (kind === 'terminal') {
    // It listens nowhere: its broker says whether it is logged in.
    const { host, port } = cluster.simulator?.http ?? { host: '', port: 0 };
    return [`http://${host}:${port}/terminals`, `"terminal":${JSON.stringify(name)}`];
  }
  const at = `${endpoint?.host}:${endpoint?.port}`;
  if (kind === 'redis' || kind === 'sentinel') {
    return [`${cluster.redis.tls === undefined ? 'redis' : 'rediss'}://${at}`];
  }
  return [`http://${at}/readyz`];
}
