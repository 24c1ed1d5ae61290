/**
 * The primary freezes with its machine, its successor acknowledges writes and is lost with its machine before any Sentinel has
 * seen it as primary. When the old one goes on, the Sentinels name it, and make the last node that has what came since
 * follow it within two seconds: by then that node must lead.
 */
import { expect, test } from 'vitest';
import { endsWhole, startWhole } from './cluster/scenario.ts';
import { processesOn } from './redis/fault.ts';
import { primariesOf } from './redis/wholeness.ts';

const LOST_AFTER_MS = 400;
const BACK_AFTER_MS = 4000;

test.each(Array.from({ length: 12 }, (_, index) => index + 1))(
  'nothing is lost, and it is whole again (I1); seed %i',
  async (seed) => {
    const cluster = await startWhole(seed, 'fast');
    const { world, machines } = cluster;
    const frozen = processesOn(machines, 'redis-1').flatMap((name) => machines.process(name) ?? []);
    for (const process of frozen) process.freeze();
    const promoted = (): string | undefined => primariesOf(machines).find((name) => name !== 'redis-1');
    expect(await world.run(() => promoted() !== undefined, 2000)).toBe(true);
    const successor = promoted() ?? '';
    await world.run(world.now() + LOST_AFTER_MS);
    const lost = processesOn(machines, successor);
    for (const name of lost) machines.crash(name);
    await world.run(world.now() + 500);
    for (const process of frozen) process.resume();
    await world.run(world.now() + BACK_AFTER_MS);
    for (const name of lost) void machines.start(name);
    await endsWhole(cluster, world.now());
  },
);
