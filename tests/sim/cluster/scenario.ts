/** The frame of a scenario of Redis alone: whole when it begins, and whole again in the end with all that anybody was told. */
import type { ProfileName } from '@holdfast/ha-core';
import { expect } from 'vitest';
import { holds } from '../checkers/promotable.ts';
import { missing, primaryOf } from '../redis/wholeness.ts';
import { type Cluster, startCluster } from './cluster.ts';

const READY_WITHIN_MS = 10_000;
/** Clients have written by then. */
const WRITTEN_AFTER_MS = 1000;
const WHOLE_WITHIN_MS = 20_000;

/** A system of this seed that is whole, with clients that write. */
export async function startWhole(seed: number, profile: ProfileName): Promise<Cluster> {
  const cluster = startCluster({ seed, profile, trace: false });
  const { world, machines } = cluster;
  expect(await world.run(() => missing(machines) === undefined, READY_WITHIN_MS)).toBe(true);
  await world.run(world.now() + WRITTEN_AFTER_MS);
  return cluster;
}

/** Waits until it is whole, and until every client had something acknowledged after `sinceMs`; then nothing is lost (I1). */
export async function endsWhole({ world, machines, clients, checker }: Cluster, sinceMs = 0): Promise<void> {
  const isWhole = (): boolean =>
    missing(machines) === undefined && clients.every((client) => client.acknowledgedAtMs() > sinceMs);
  await world.run(isWhole, WHOLE_WITHIN_MS);
  expect(missing(machines) ?? 'nothing').toBe('nothing');
  const { data } = machines.redis.state(primaryOf(machines)).disk;
  expect(checker.writes().filter((write) => !holds(data, write))).toEqual([]);
  for (const client of clients) client.stop();
}
