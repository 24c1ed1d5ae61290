/** Ready means that a signal sent now is accepted, carried out and stored: every node healthy, every account led and connected. */
import type { Host } from '@holdfast/ha-core';
import { sleep } from '@holdfast/ha-core';
import type { ClusterStatus } from '../status/cluster-status.ts';

export type NotReady = { readonly name: string; readonly why: string };

/** What is still missing; empty when the cluster is ready. */
export function notReady(status: ClusterStatus): readonly NotReady[] {
  const down = status.nodes
    .filter(({ healthy }) => !healthy)
    .map(({ name, detail }) => ({ name, why: detail }));
  const redis = status.nodes.filter(({ kind }) => kind === 'redis');
  const primaries = redis.filter(({ role }) => role === 'primary');
  const replicas = redis.filter(({ role, healthy }) => role === 'replica' && healthy).length;
  const accounts = status.accounts.flatMap(({ account, active, connection }) => {
    if (active === null) return [{ name: account, why: 'no engine leads it' }];
    return connection === 'up' ? [] : [{ name: account, why: `its broker connection is ${connection}` }];
  });
  return [
    ...down,
    ...(primaries.length === 1
      ? []
      : [{ name: 'redis', why: `${primaries.length} primaries, expected one` }]),
    ...(replicas === redis.length - 1
      ? []
      : [{ name: 'redis', why: `${replicas} of ${redis.length - 1} replicas are connected` }]),
    ...accounts,
  ];
}

export type AwaitReadyOptions = {
  readonly host: Host;
  readonly read: () => Promise<ClusterStatus>;
  /** Nodes that the supervisor itself still waits for. */
  readonly starting: () => readonly NotReady[];
  readonly limitMs: number;
  /** True once nobody waits any more. */
  readonly cancelled: () => boolean;
};

const POLL_MS = 250;

/** Waits until the cluster is ready; at the limit resolves with what is missing, when cancelled with an empty list. */
export async function awaitReady(options: AwaitReadyOptions): Promise<readonly NotReady[]> {
  const { host } = options;
  const untilMs = host.monotonicMs() + options.limitMs;
  for (;;) {
    const missing = oncePerName([...options.starting(), ...notReady(await options.read())]);
    if (missing.length === 0 || options.cancelled()) return [];
    if (host.monotonicMs() >= untilMs) return missing;
    await sleep(host, POLL_MS);
  }
}

/** The first reason of each: what the supervisor says of a node explains why it does not answer. */
function oncePerName(missing: readonly NotReady[]): readonly NotReady[] {
  return missing.filter(({ name }, index) => missing.findIndex((other) => other.name === name) === index);
}
