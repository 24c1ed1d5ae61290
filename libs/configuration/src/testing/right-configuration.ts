/** For the tests: a configuration without a fault, ways to change it, and the faults that come of it. */
import { ConfigurationError, type Fault } from '../configuration-error.ts';
import { parseConfiguration } from '../load.ts';

export const WARDENS = `  wardens:
    - { name: warden-1, node: redis-1, peer: { host: 127.0.0.1, port: 7021 }, health: { host: 127.0.0.1, port: 7031 } }
    - { name: warden-2, node: redis-2, peer: { host: 127.0.0.1, port: 7022 }, health: { host: 127.0.0.1, port: 7032 } }
`;

/** Every kind of process once or more, two terminals and a webhook; defaults left out. */
export const RIGHT = `cluster: demo
redis:
  nodes:
    - { name: redis-1, host: 127.0.0.1, port: 7001 }
    - { name: redis-2, host: 127.0.0.1, port: 7002 }
  sentinels:
    - { name: sentinel-1, host: 127.0.0.1, port: 7011 }
${WARDENS}engines:
  - name: engine-1
    bridge: { host: 127.0.0.1, port: 7101 }
    peer: { host: 127.0.0.1, port: 7102 }
    health: { host: 127.0.0.1, port: 7103 }
backends:
  - { name: backend-1, listen: { host: 127.0.0.1, port: 7201 } }
api: { listen: { host: 127.0.0.1, port: 8080 }, keyFile: secrets/api.key }
sync: { name: sync, api: { host: 127.0.0.1, port: 7301 }, database: results.duckdb }
clickhouse: { url: "http://127.0.0.1:8123" }
clusterSecretFile: secrets/cluster
accounts:
  - account: demo-hedging
    margin: hedging
    bridgeSecretFile: secrets/bridge
    terminals:
      - { name: terminal-1, role: primary }
      - { name: terminal-2, role: backup }
    symbols: [EURUSD, GBPUSD]
webhooks:
  - { name: tv, tokenFile: secrets/tv, account: demo-hedging, symbols: { EURUSD: EURUSD } }
`;

/** All faults of a text; an empty list when it is right. */
export function faultsOf(text: string): readonly Fault[] {
  try {
    parseConfiguration('holdfast.yaml', text);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  return [];
}

/** The right configuration with the first `find` replaced. */
export function changed(find: string, replace: string): string {
  const at = RIGHT.indexOf(find);
  if (at === -1) throw new Error(`the right configuration does not hold ${find}`);
  return RIGHT.slice(0, at) + replace + RIGHT.slice(at + find.length);
}
