/**
 * `holdfast.yaml`: one file for a whole cluster; every process reads it and finds itself by name.
 * Secrets are never in it: it names files, looked up in `$CREDENTIALS_DIRECTORY` first, else beside the file.
 */
import { accountSchema, SYMBOL_FORM } from '@holdfast/ha-core';
import { z } from 'zod';

const name = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,31}$/,
    'expected a name: 1 to 32 lower case letters, digits and dashes, the first a letter',
  );

const endpoint = z.strictObject({
  host: z.string().min(1),
  port: z.int().min(1).max(65_535),
});

const path = z.string().min(1);

const password = z.strictObject({ passwordFile: path });

const symbol = z
  .string()
  .regex(
    SYMBOL_FORM,
    'expected a symbol: 1 to 31 characters of A-Z a-z 0-9 . _ # -, the first a letter or digit',
  );

const webhook = z.strictObject({
  name,
  /** The token is the last part of the URL: a secret. */
  tokenFile: path,
  account: accountSchema,
  /** Ticker as the alert names it (after an exchange prefix such as `OANDA:` was taken off) → the broker's symbol. */
  symbols: z.record(z.string(), symbol).default({}),
  /** Tickers that are not in the map are taken as they are, when true. */
  unmappedSymbols: z.boolean().default(true),
  /** What a stop given as a whole number is: a distance in points, a price, or refused because nobody can know. */
  wholeStops: z.enum(['points', 'price', 'refuse']).default('refuse'),
  /** Alerts that bring neither an id nor a time are the same within this window. */
  duplicateWindowMs: z.int().min(0).max(86_400_000).default(10_000),
  ttlMs: z.int().min(1).max(86_400_000).default(60_000),
});

const account = z.strictObject({
  account: accountSchema,
  margin: z.enum(['netting', 'hedging']),
  /** Login and server name as MT5 shows them. */
  broker: z
    .strictObject({
      login: z.string().regex(/^\d{1,20}$/, 'expected digits'),
      server: z.string().min(1).max(64),
    })
    .optional(),
  bridgeSecretFile: path,
  terminals: z
    .array(z.strictObject({ name, role: z.enum(['primary', 'backup']) }))
    .min(1)
    .max(2),
  /** Symbols that clients may trade; others are refused with 422. */
  symbols: z.array(symbol).min(1),
});

export const configurationSchema = z.strictObject({
  cluster: name,
  profile: z.enum(['fast', 'seed']).default('fast'),
  redis: z.strictObject({
    nodes: z
      .array(z.strictObject({ name, host: z.string().min(1), port: z.int().min(1).max(65_535) }))
      .min(1),
    sentinels: z.array(z.strictObject({ name, host: z.string().min(1), port: z.int().min(1).max(65_535) })),
    /** The process beside each Redis node: where the other wardens dial it, and where it answers about itself. */
    wardens: z.array(z.strictObject({ name, node: name, peer: endpoint, health: endpoint })).default([]),
    /** Sentinel's name for the primary. */
    primaryName: z.string().default('mymaster'),
    passwordFile: path.optional(),
    /** Redis users with the least rights that each needs; without them everybody has the one password, or none. */
    users: z
      .strictObject({
        backend: password,
        engine: password,
        sync: password,
        warden: password,
        sentinel: password,
        replication: password,
      })
      .optional(),
    /** Every connection to and between Redis nodes and Sentinels encrypted; without it none is. */
    tls: z.strictObject({ caFile: path, certFile: path, keyFile: path }).optional(),
    maxmemoryBytes: z.int().min(16_777_216).default(2_147_483_648),
    appendfsync: z.enum(['always', 'everysec']).default('always'),
  }),
  engines: z.array(z.strictObject({ name, bridge: endpoint, peer: endpoint, health: endpoint })).min(1),
  backends: z.array(z.strictObject({ name, listen: endpoint })).min(1),
  /** The shared address (every backend listens there too) and the key that clients present. */
  api: z.strictObject({
    listen: endpoint,
    keyFile: path,
    /** Requests of one key or webhook token beyond this rate, after a burst, are answered 429. */
    requestsPerSecond: z.int().min(1).max(1_000_000).default(2000),
    requestsBurst: z.int().min(1).max(1_000_000).default(4000),
  }),
  sync: z.strictObject({
    name,
    api: endpoint,
    database: path,
    backups: path.default('/var/lib/duckdb/backups'),
  }),
  clickhouse: z.strictObject({
    url: z.url(),
    database: z
      .string()
      .regex(/^[a-z_][a-z0-9_]*$/, 'expected a database name: lower case letters, digits, underscores')
      .default('holdfast'),
    user: z.string().default('default'),
    passwordFile: path.optional(),
  }),
  /** Proves the processes of a cluster to each other (peer link, read API of sync). */
  clusterSecretFile: path,
  accounts: z.array(account).min(1),
  webhooks: z.array(webhook).default([]),
  log: z.strictObject({ level: z.enum(['debug', 'info', 'warn', 'error']).default('info') }).prefault({}),
  /** Only where Holdfast runs with the simulated broker. */
  simulator: z
    .strictObject({
      broker: endpoint,
      http: endpoint,
      state: path,
      journals: path,
      prices: path.optional(),
      seed: z.int().default(1),
      latencyMs: z.number().min(0).default(0),
    })
    .optional(),
});

export type Configuration = z.output<typeof configurationSchema>;
export type AccountConfiguration = Configuration['accounts'][number];
export type WebhookConfiguration = Configuration['webhooks'][number];
