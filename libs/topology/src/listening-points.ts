/** Every address that a cluster takes, and what for: checked before anything is started, and opened in firewalls. */
import type { Configuration } from '@holdfast/configuration';
import type { Endpoint } from '@holdfast/ha-core';
import { BROKER_NAME, CLICKHOUSE_NAME } from './cluster-nodes.ts';

export type ListeningPoint = {
  readonly endpoint: Endpoint;
  /** Name of the node that listens there; undefined for the shared address of the API. */
  readonly owner: string | undefined;
  /** In words: `engine-1, bridge`. */
  readonly what: string;
  /** The shared address of the API, where several backends listen; the other points have one owner each. */
  readonly shared: boolean;
};

/** All listening points of a configuration; ClickHouse's only when it is embedded. */
export function listeningPoints(
  values: Configuration,
  options: { readonly embeddedClickHouse: boolean },
): readonly ListeningPoint[] {
  const own = (owner: string, { host, port }: Endpoint, role?: string): ListeningPoint => ({
    endpoint: { host, port },
    owner,
    what: role === undefined ? owner : `${owner}, ${role}`,
    shared: false,
  });
  const { hostname, port } = new URL(values.clickhouse.url);
  const { simulator } = values;
  return [
    { endpoint: values.api.listen, owner: undefined, what: 'the API', shared: true },
    ...values.redis.nodes.map((node) => own(node.name, node)),
    ...values.redis.sentinels.map((node) => own(node.name, node)),
    ...values.redis.wardens.flatMap((warden) => [
      own(warden.name, warden.peer, 'peer link'),
      own(warden.name, warden.health, 'health'),
    ]),
    ...values.engines.flatMap((engine) => [
      own(engine.name, engine.bridge, 'bridge'),
      own(engine.name, engine.peer, 'peer link'),
      own(engine.name, engine.health, 'health'),
    ]),
    ...values.backends.map((backend) => own(backend.name, backend.listen)),
    own(values.sync.name, values.sync.api),
    ...(options.embeddedClickHouse ? [own(CLICKHOUSE_NAME, { host: hostname, port: Number(port) })] : []),
    ...(simulator === undefined
      ? []
      : [
          own(BROKER_NAME, simulator.broker, 'terminals'),
          own(BROKER_NAME, simulator.http, 'ledger and faults'),
        ]),
  ];
}
