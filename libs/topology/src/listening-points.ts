/** Every address that a cluster takes, and what for: checked before anything is started, and opened in firewalls. */
import type { Configuration } from '@holdfast/configuration';
import type { Endpoint } from '@holdfast/ha-core';

export type ListeningPoint = {
  readonly endpoint: Endpoint;
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
  const own = (what: string, { host, port }: Endpoint): ListeningPoint => ({
    endpoint: { host, port },
    what,
    shared: false,
  });
  const { hostname, port } = new URL(values.clickhouse.url);
  const { simulator } = values;
  return [
    { endpoint: values.api.listen, what: 'the API', shared: true },
    ...values.redis.nodes.map((node) => own(node.name, node)),
    ...values.redis.sentinels.map((node) => own(node.name, node)),
    ...values.redis.wardens.flatMap((warden) => [
      own(`${warden.name}, peer link`, warden.peer),
      own(`${warden.name}, health`, warden.health),
    ]),
    ...values.engines.flatMap((engine) => [
      own(`${engine.name}, bridge`, engine.bridge),
      own(`${engine.name}, peer link`, engine.peer),
      own(`${engine.name}, health`, engine.health),
    ]),
    ...values.backends.map((backend) => own(backend.name, backend.listen)),
    own(values.sync.name, values.sync.api),
    ...(options.embeddedClickHouse ? [own('clickhouse', { host: hostname, port: Number(port) })] : []),
    ...(simulator === undefined
      ? []
      : [own('broker, terminals', simulator.broker), own('broker, ledger and faults', simulator.http)]),
  ];
}
