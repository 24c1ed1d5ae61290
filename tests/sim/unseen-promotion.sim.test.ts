/**
 * A primary is replaced, and its successor is cut off before the Sentinel that promoted it has seen that. Another one is promoted and
 * acknowledges writes; then the cut ends. That Sentinel must not make everybody follow whom it promoted, without those writes
 * (I1): neither where it still waits for it, nor by what it told the others before and the network kept until now.
 */
import type { Endpoint } from '@holdfast/ha-core';
import { expect, test } from 'vitest';
import type { Cluster } from './cluster/cluster.ts';
import { endsWhole, startWhole } from './cluster/scenario.ts';
import { processesOn } from './redis/fault.ts';
import { addressOf, primariesOf } from './redis/wholeness.ts';

const RESTARTS_AFTER_MS = 240;
const PROMOTED_WITHIN_MS = 4000;
const COMMAND_MS = 500;
/** What was acknowledged was written after that. */
const WRITTEN_AFTER_MS = 5;
/** By its seed. */
const HEALS_LATER_MS = 37;
const HEALS_WITHIN_MS = 700;

/** It waits in the first of them, and in some of the others; of the last everybody was made to follow the one that was cut off. */
const SEEDS = [1, 7, 14, 29, 35, 95, 2, 3, 4, 5, 82];
/** Seeds in which the Sentinel would make everybody follow it: neither has another one given up, nor a node kept what it has. */
const LED_ASTRAY = [1, 7, 14];
const WARDEN_RESTARTS_AFTER_MS = 500;
const CASES = SEEDS.flatMap((seed) => [100, 250, 400, 550].map((cutAfterMs) => ({ cutAfterMs, seed })));

/** Until the successor is cut off and another one has acknowledged a write; then it is in sight again. Which it was, unless it did not come to that. */
async function cutOffSuccessor(
  cluster: Cluster,
  cutAfterMs: number,
  healsLaterMs: number,
  onCut: (name: string) => void = () => undefined,
): Promise<string | undefined> {
  const { world, wire, machines, clients } = cluster;
  machines.crash('redis-1');
  world.after(RESTARTS_AFTER_MS, () => void machines.start('redis-1'));
  const primaryBut = (other: string): string | undefined =>
    primariesOf(machines).find((name) => name !== other);
  await world.run(() => primaryBut('redis-1') !== undefined, PROMOTED_WITHIN_MS);
  const cutOff = primaryBut('redis-1');
  if (cutOff === undefined) return undefined;
  await world.run(world.now() + cutAfterMs);
  const far = [...machines.redis.names.filter((name) => name !== cutOff), ...clients.map(({ name }) => name)];
  for (const other of far) wire.cut(cutOff, other);
  onCut(cutOff);
  if (!(await world.run(() => primaryBut(cutOff) !== undefined, PROMOTED_WITHIN_MS))) return undefined;
  const writtenMs = world.now() + WRITTEN_AFTER_MS;
  const isWritten = (): boolean => clients.some((client) => client.acknowledgedAtMs() > writtenMs);
  if (!(await world.run(isWritten, PROMOTED_WITHIN_MS))) return undefined;
  await world.run(world.now() + healsLaterMs);
  for (const other of far) wire.heal(cutOff, other);
  return cutOff;
}

/** As Sentinel does it. */
async function makeAllFollow({ world, machines }: Cluster, name: string): Promise<void> {
  const { redis } = machines;
  const nodes = redis.nodesFor(world.start('late'));
  const [host = '', port = ''] = addressOf(machines, name).split(':');
  const tell = async (endpoint: Endpoint): Promise<void> => {
    const node = await nodes.open(endpoint, COMMAND_MS);
    await node.run([['REPLICAOF', host, port]], COMMAND_MS);
    node.close();
  };
  const told = redis.endpoints.filter((_, index) => redis.names[index] !== name).map(tell);
  let isTold = false;
  void Promise.all(told).then(() => {
    isTold = true;
  });
  expect(await world.run(() => isTold, COMMAND_MS)).toBe(true);
}

test.each(CASES)(
  'nothing is lost; cut off after $cutAfterMs ms, seed $seed',
  async ({ cutAfterMs, seed }) => {
    const cluster = await startWhole(seed, 'fast');
    const cutOff = await cutOffSuccessor(cluster, cutAfterMs, (seed * HEALS_LATER_MS) % HEALS_WITHIN_MS);
    expect(cutOff).toBeDefined();
    await endsWhole(cluster, cluster.world.now());
  },
);

test.each(LED_ASTRAY.flatMap((seed) => [250, 400].map((cutAfterMs) => ({ cutAfterMs, seed }))))(
  'nothing is lost where its warden dies as it is cut off, after $cutAfterMs ms, seed $seed',
  async ({ cutAfterMs, seed }) => {
    const cluster = await startWhole(seed, 'fast');
    const { machines, world } = cluster;
    const wardenOf = (name: string): string => processesOn(machines, name)[2] ?? '';
    const dies = (name: string): void => machines.crash(wardenOf(name));
    const cutOff = await cutOffSuccessor(
      cluster,
      cutAfterMs,
      (seed * HEALS_LATER_MS) % HEALS_WITHIN_MS,
      dies,
    );
    expect(cutOff).toBeDefined();
    world.after(WARDEN_RESTARTS_AFTER_MS, () => void machines.start(wardenOf(cutOff ?? '')));
    await endsWhole(cluster, world.now());
  },
);

test.each(SEEDS)('nothing is lost where a late command makes all others follow it; seed %i', async (seed) => {
  const cluster = await startWhole(seed, 'fast');
  const cutOff = await cutOffSuccessor(cluster, HEALS_LATER_MS, 0);
  expect(cutOff).toBeDefined();
  await makeAllFollow(cluster, cutOff ?? '');
  await endsWhole(cluster, cluster.world.now());
});
