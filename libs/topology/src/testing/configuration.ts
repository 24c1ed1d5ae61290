/** For the tests: a small configuration with every kind of node. */
import { type Configuration, parseConfiguration } from '@holdfast/configuration';

const TEXT = `cluster: demo
redis:
  nodes:
    - { name: redis-1, host: 127.0.0.1, port: 7001 }
    - { name: redis-2, host: 127.0.0.1, port: 7002 }
  sentinels:
    - { name: sentinel-1, host: 127.0.0.1, port: 7011 }
    - { name: sentinel-2, host: 127.0.0.1, port: 7012 }
    - { name: sentinel-3, host: 127.0.0.1, port: 7013 }
  wardens:
    - { name: warden-1, node: redis-1, peer: { host: 127.0.0.1, port: 7021 }, health: { host: 127.0.0.1, port: 7031 } }
    - { name: warden-2, node: redis-2, peer: { host: 127.0.0.1, port: 7022 }, health: { host: 127.0.0.1, port: 7032 } }
engines:
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
    symbols: [EURUSD]
simulator:
  broker: { host: 127.0.0.1, port: 7401 }
  http: { host: 127.0.0.1, port: 7402 }
  state: broker
  journals: terminals
`;

/** The configuration, with the first `find` of its text replaced. */
export function demoConfiguration(find = '', replace = ''): Configuration {
  return parseConfiguration('holdfast.yaml', TEXT.replace(find, replace));
}
