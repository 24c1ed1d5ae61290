/** The `holdfast.yaml` of a first start: the demo accounts on a simulated broker, everything on loopback. */
import { REDIS_USERS } from '@holdfast/configuration';
import type { ProfileName } from '@holdfast/ha-core';
import { stringify } from 'yaml';
import { portPlan } from './port-plan.ts';

export type FirstConfigurationOptions = {
  readonly basePort: number;
  readonly apiPort: number;
  readonly profile: ProfileName;
  readonly latencyMs: number;
  /** Recorded quotes, absolute path. */
  readonly prices?: string;
};

const HOST = '127.0.0.1';
const SYMBOLS = ['EURUSD', 'GBPUSD', 'USDJPY', 'XAUUSD'];

/** Each Redis user's own. */
const redisSecret = (user: string): string => `secrets/redis-${user}`;

const NAMED = {
  apiKey: 'secrets/api.key',
  cluster: 'secrets/cluster',
  bridgeHedging: 'secrets/bridge-demo-hedging',
  bridgeNetting: 'secrets/bridge-demo-netting',
  webhook: 'secrets/webhook-demo',
} as const;

/** Files that a first start fills with secrets. */
export const SECRET_FILES: readonly string[] = [...Object.values(NAMED), ...REDIS_USERS.map(redisSecret)];

const HEADER = `# Holdfast's local cluster, made by its first start. Later starts read it and keep what is in it;
# docs/holdfast.schema.json says what each field means.
`;

/** The text of the file. */
export function firstConfiguration(options: FirstConfigurationOptions): string {
  const ports = portPlan(options.basePort);
  const at = (port: number) => ({ host: HOST, port });
  const named = (kind: string, count: number, port: (index: number) => number) =>
    Array.from({ length: count }, (_, index) => ({ name: `${kind}-${index + 1}`, ...at(port(index)) }));
  const engine = (index: number) => ({
    name: `engine-${index + 1}`,
    bridge: at(ports.engineBridge(index)),
    peer: at(ports.enginePeer(index)),
    health: at(ports.engineHealth(index)),
  });
  const warden = (index: number) => ({
    name: `warden-${index + 1}`,
    node: `redis-${index + 1}`,
    peer: at(ports.wardenPeer(index)),
    health: at(ports.wardenHealth(index)),
  });
  const account = (margin: 'hedging' | 'netting', terminal: string, bridgeSecretFile: string) => ({
    account: `demo-${margin}`,
    margin,
    bridgeSecretFile,
    terminals: [{ name: terminal, role: 'primary' }],
    symbols: [...SYMBOLS],
  });
  const values = {
    cluster: 'local',
    profile: options.profile,
    redis: {
      nodes: named('redis', 3, ports.redis),
      sentinels: named('sentinel', 3, ports.sentinel),
      wardens: [0, 1, 2].map(warden),
      users: Object.fromEntries(REDIS_USERS.map((user) => [user, { passwordFile: redisSecret(user) }])),
    },
    engines: [engine(0), engine(1)],
    backends: [0, 1].map((index) => ({ name: `backend-${index + 1}`, listen: at(ports.backend(index)) })),
    api: { listen: at(options.apiPort), keyFile: NAMED.apiKey },
    sync: { name: 'sync', api: at(ports.sync), database: 'duckdb/results.duckdb', backups: 'backups' },
    clickhouse: { url: `http://${HOST}:${ports.clickhouse}` },
    clusterSecretFile: NAMED.cluster,
    accounts: [
      account('hedging', 'terminal-1', NAMED.bridgeHedging),
      account('netting', 'terminal-2', NAMED.bridgeNetting),
    ],
    webhooks: [
      { name: 'demo', tokenFile: NAMED.webhook, account: 'demo-hedging', wholeStops: 'points' as const },
    ],
    simulator: {
      broker: at(ports.broker),
      http: at(ports.brokerHttp),
      state: 'broker',
      journals: 'terminals',
      ...(options.prices === undefined ? {} : { prices: options.prices }),
      latencyMs: options.latencyMs,
    },
  };
  return HEADER + stringify(values);
}
