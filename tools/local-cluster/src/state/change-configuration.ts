/** What the command line of a later start changes in `holdfast.yaml`; comments and everything else stay. */
import { resolve } from 'node:path';
import { type Configuration, parseConfiguration } from '@holdfast/configuration';
import type { ProfileName } from '@holdfast/ha-core';
import { parseDocument } from 'yaml';
import { portPlan } from './port-plan.ts';

/** What the command line named; the rest is undefined. */
export type ConfigurationChanges = {
  readonly basePort?: number | undefined;
  readonly apiPort?: number | undefined;
  readonly profile?: ProfileName | undefined;
  readonly latencyMs?: number | undefined;
  readonly prices?: string | undefined;
};

export type ChangedConfiguration = {
  readonly text: string;
  readonly values: Configuration;
};

type Change = readonly [path: readonly (string | number)[], value: string | number];

/** The changed text; undefined when everything is as asked for already. Throws ConfigurationError. */
export function changedConfiguration(
  file: string,
  text: string,
  changes: ConfigurationChanges,
): ChangedConfiguration | undefined {
  const values = parseConfiguration(file, text);
  const document = parseDocument(text);
  const wanted = wantedChanges(values, changes).filter(([path, value]) => document.getIn(path) !== value);
  if (wanted.length === 0) return undefined;
  for (const [path, value] of wanted) document.setIn(path, value);
  const changed = document.toString();
  return {
    text: changed,
    values: parseConfiguration(file, changed),
  };
}

function wantedChanges(values: Configuration, changes: ConfigurationChanges): Change[] {
  const { basePort, apiPort, profile, latencyMs, prices } = changes;
  return [
    ...(basePort === undefined ? [] : portChanges(values, basePort)),
    ...(apiPort === undefined ? [] : ([[['api', 'listen', 'port'], apiPort]] satisfies Change[])),
    ...(profile === undefined ? [] : ([[['profile'], profile]] satisfies Change[])),
    ...(latencyMs === undefined ? [] : ([[['simulator', 'latencyMs'], latencyMs]] satisfies Change[])),
    ...(prices === undefined ? [] : ([[['simulator', 'prices'], resolve(prices)]] satisfies Change[])),
  ];
}

function portChanges(values: Configuration, basePort: number): Change[] {
  const ports = portPlan(basePort);
  const { redis, engines, backends, simulator } = values;
  return [
    ...redis.nodes.map((_, index): Change => [['redis', 'nodes', index, 'port'], ports.redis(index)]),
    ...redis.sentinels.map(
      (_, index): Change => [['redis', 'sentinels', index, 'port'], ports.sentinel(index)],
    ),
    ...redis.wardens.flatMap((_, index): Change[] => [
      [['redis', 'wardens', index, 'peer', 'port'], ports.wardenPeer(index)],
      [['redis', 'wardens', index, 'health', 'port'], ports.wardenHealth(index)],
    ]),
    ...engines.flatMap((_, index): Change[] => [
      [['engines', index, 'bridge', 'port'], ports.engineBridge(index)],
      [['engines', index, 'peer', 'port'], ports.enginePeer(index)],
      [['engines', index, 'health', 'port'], ports.engineHealth(index)],
    ]),
    ...backends.map((_, index): Change => [['backends', index, 'listen', 'port'], ports.backend(index)]),
    [['sync', 'api', 'port'], ports.sync],
    [['clickhouse', 'url'], `http://127.0.0.1:${ports.clickhouse}`],
    ...(simulator === undefined
      ? []
      : ([
          [['simulator', 'broker', 'port'], ports.broker],
          [['simulator', 'http', 'port'], ports.brokerHttp],
        ] satisfies Change[])),
  ];
}
