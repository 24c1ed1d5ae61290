/**
 * The file that describes an environment: which hosts there are, how they are connected, which images run on them and
 * with which limits. Which processes there are, and where each listens, is not said here but in its `holdfast.yaml`.
 */
import { z } from 'zod';

const name = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,31}$/,
    'expected a name: 1 to 32 lower case letters, digits and dashes, the first a letter',
  );

const address = z.ipv4('expected an IPv4 address');

const port = z.int().min(1).max(65_535);

const path = z.string().min(1);

const absolutePath = z.string().regex(/^\/[^:]*$/, 'expected an absolute path without a colon');

const image = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._/:-]*:[A-Za-z0-9_][A-Za-z0-9._-]*$|^[a-z0-9][a-z0-9._/:-]*@sha256:[0-9a-f]{64}$/,
    'expected an image with a tag or a digest, such as holdfast/engine:1.0.0',
  );

const user = z.string().regex(/^\d+:\d+$/, 'expected uid:gid, such as 10001:10001');

const limit = z.strictObject({
  memoryMiB: z.int().min(16).max(4_194_304),
  cpus: z.number().min(0.05).max(512),
});

/** Where something answers people or their programs; `host` may be left out where there is one host. */
const place = z.strictObject({ host: name.optional(), address: address.default('127.0.0.1'), port });

export const environmentSchema = z.strictObject({
  /** Part of every name, so that two environments may share a host. */
  name,
  hosts: z
    .array(
      z.strictObject({
        name,
        address,
        docker: z
          .string()
          .regex(/^(unix:\/\/\/|ssh:\/\/|tcp:\/\/)\S+$/, 'expected unix:///…, ssh://… or tcp://…'),
      }),
    )
    .min(1),
  network: z.strictObject({
    /** `bridge`: one host, each container with an address of its own. `host`: the addresses of the hosts. */
    mode: z.enum(['bridge', 'host']),
    subnet: z.cidrv4('expected an IPv4 network such as 172.28.7.0/24').optional(),
    /** The part of the subnet from which containers get an address that `holdfast.yaml` names none for. */
    dynamic: z.cidrv4('expected an IPv4 network such as 172.28.7.128/25').optional(),
  }),
  /** The `holdfast.yaml` of this environment, beside this file or absolute. */
  cluster: path,
  /** Folder on each host with the secret files; mounted read-only. */
  secrets: absolutePath,
  /** Folder on this machine where the same files are looked for before anything is written. */
  localSecrets: path.optional(),
  /** Folder for Terraform's state. */
  state: path.default('state'),
  images: z.strictObject({
    engine: image,
    backend: image,
    sync: image,
    redis: image,
    loadBalancer: image,
    clickhouse: image.optional(),
    simulator: image.optional(),
    prometheus: image.optional(),
    grafana: image.optional(),
  }),
  /** Users of images that are not ours; the group is the one that may read the secrets. */
  users: z
    .strictObject({
      clickhouse: user.default('101:10001'),
      prometheus: user.default('65534:65534'),
      grafana: user.default('472:10001'),
      loadBalancer: user.default('10001:10001'),
    })
    .prefault({}),
  /** The image of ClickHouse is the one around the embedded ClickHouse, which has no users: for tests. */
  embeddedClickHouse: z.boolean().default(false),
  limits: z.strictObject({
    redis: limit,
    sentinel: limit,
    warden: limit,
    engine: limit,
    backend: limit,
    sync: limit,
    loadBalancer: limit,
    clickhouse: limit.optional(),
    simulator: limit.optional(),
    prometheus: limit.optional(),
    grafana: limit.optional(),
  }),
  /** Of each container's log: how large a file may be, and how many are kept. */
  logs: z
    .strictObject({
      sizeMiB: z.int().min(1).max(1024).default(20),
      files: z.int().min(2).max(100).default(5),
    })
    .prefault({}),
  published: z.strictObject({
    loadBalancers: z
      .array(
        z.strictObject({
          ...place.shape,
          /** Where Prometheus reads HAProxy's own metrics, not published. */
          metricsPort: port.default(8405),
        }),
      )
      .min(1),
    prometheus: place.optional(),
    grafana: place.optional(),
  }),
  grafana: z
    .strictObject({
      /** File in the folder of secrets with the password of Grafana's user admin. */
      adminPasswordFile: path.default('grafana.admin'),
    })
    .prefault({}),
  /** `host:port` of the Alertmanagers that alerts are sent to. */
  alertmanagers: z.array(z.string().regex(/^[^\s/:]+:\d{1,5}$/, 'expected host:port')).default([]),
});

export type EnvironmentValues = z.output<typeof environmentSchema>;
