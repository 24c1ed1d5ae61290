/**
 * The environment `local` as the tests deploy it: the example of infra/cdktf with the images, the folder of secrets and the
 * engine of this machine, on free ports and in a free network. Grafana is left out, because no package of it is at hand.
 */
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '@holdfast/redis/testing';
import { parse, stringify } from 'yaml';
import { IMAGES, TAG } from '../host/images.ts';
import type { Stage } from '../host/global-setup.ts';
import { freeSubnet } from '../host/subnet.ts';

export type Profile = 'fast' | 'seed';

export type EnvironmentFiles = {
  readonly name: string;
  /** The environment's file. */
  readonly file: string;
  readonly apiPort: number;
  readonly prometheusPort: number;
  readonly secret: (name: string) => string;
  readonly clusterText: () => string;
  /** Changes a part of the environment's file, or of its holdfast.yaml. */
  readonly change: (what: 'environment' | 'cluster', change: (values: Values) => void) => void;
};

/** A file as it was parsed; the tests know its form. */
export type Values = Record<string, Record<string, unknown>> & { profile?: Profile };

const EXAMPLES = fileURLToPath(new URL('../../../infra/cdktf/environments/', import.meta.url));
/** The user and group in the images. */
const OWNER = 10_001;
const SECRETS = ['redis', 'api.key', 'cluster', 'bridge', 'clickhouse'];

/** Images that are built from this repository; their names in the environment's file are those of their tags. */
const OWN = ['engine', 'backend', 'sync', 'redis', 'simulator'] as const;

/** Writes the files of an environment of this name below the stage's folder. */
export async function writeEnvironment(stage: Stage, name: string): Promise<EnvironmentFiles> {
  const folder = join(stage.folder, name);
  const secrets = join(folder, 'secrets');
  mkdirSync(secrets, { recursive: true });
  const known = new Map(SECRETS.map((secret) => [secret, randomBytes(24).toString('hex')]));
  for (const [secret, text] of known) {
    const path = join(secrets, secret);
    writeFileSync(path, `${text}\n`, { mode: 0o440 });
    chownSync(path, OWNER, OWNER);
  }
  chmodSync(secrets, 0o550);
  chownSync(secrets, OWNER, OWNER);

  const [apiPort = 0, prometheusPort = 0] = await freePorts(2);
  const paths = { environment: join(folder, `${name}.yaml`), cluster: join(folder, 'holdfast.yaml') };
  const example = readFileSync(join(EXAMPLES, 'local.yaml'), 'utf8');
  const [subnet, free] = [subnetOf(example), freeSubnet()];
  const moved = (text: string): Values => parse(text.replaceAll(`${subnet}.`, `${free}.`)) as Values;
  const environment = moved(example);
  const { images = {}, limits = {}, published = {} } = environment;
  Object.assign(environment, { name, cluster: 'holdfast.yaml', secrets, localSecrets: 'secrets' });
  Object.assign(environment, { hosts: [{ name: 'here', address: '127.0.0.1', docker: stage.engine }] });
  Object.assign(images, {
    ...Object.fromEntries(OWN.map((image) => [image, `holdfast/${image}:${TAG}`])),
    clickhouse: IMAGES.clickhouse,
    loadBalancer: IMAGES.haproxy,
    prometheus: IMAGES.prometheus,
  });
  for (const part of [images, limits, published]) delete part['grafana'];
  published['prometheus'] = { port: prometheusPort };
  published['loadBalancers'] = [{ port: apiPort }];
  Object.assign(environment, { embeddedClickHouse: true, users: { clickhouse: `${OWNER}:${OWNER}` } });
  writeFileSync(paths.environment, stringify(environment));

  const cluster = moved(readFileSync(join(EXAMPLES, 'local/holdfast.yaml'), 'utf8'));
  Object.assign(cluster['api'] ?? {}, { listen: { host: '127.0.0.1', port: apiPort } });
  writeFileSync(paths.cluster, stringify(cluster));

  return {
    name,
    file: paths.environment,
    apiPort,
    prometheusPort,
    secret: (secret) => {
      const text = known.get(secret);
      if (text === undefined) throw new Error(`there is no secret ${secret}`);
      return text;
    },
    clusterText: () => readFileSync(paths.cluster, 'utf8'),
    change: (what, change) => {
      const values = parse(readFileSync(paths[what], 'utf8')) as Values;
      change(values);
      writeFileSync(paths[what], stringify(values));
    },
  };
}

/** The first three bytes of the example's network. */
function subnetOf(example: string): string {
  const found = /subnet: (\d+\.\d+\.\d+)\.0\/24/.exec(example)?.[1];
  if (found === undefined) throw new Error('the example has no network of 256 addresses');
  return found;
}
