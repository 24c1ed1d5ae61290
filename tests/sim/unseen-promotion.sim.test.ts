/**
 * A primary is replaced, and its successor is cut off before the Sentinel that promoted it has seen that. Another one is promoted and
 * acknowledges writes; then the cut ends. That Sentinel must not make everybody follow whom it promoted, without those writes
 * (I1): neither where it still waits for it, nor by what it told the others before and the network kept until now.
 */
import { expect, test } from 'vitest';
import { endsWhole, startWhole } from './cluster/scenario.ts';
import { primariesOf } from './redis/wholeness.ts';

const RESTARTS_AFTER_MS = 240;
const PROMOTED_WITHIN_MS = 4000;
/** What was acknowledged was written after that. */
const WRITTEN_AFTER_MS = 5;
/** By its seed. */
const HEALS_LATER_MS = 37;
const HEALS_WITHIN_MS = 700;

/** It waits in the first of them, and in some of the others; of the last everybody was made to follow the one that was cut off. */
const SEEDS = [1, 7, 14, 29, 35, 95, 2, 3, 4, 5, 82];
const CASES = SEEDS.flatMap((seed) => [100, 250, 400, 550].map((cutAfterMs) => ({ cutAfterMs, seed })));

test.each(CASES)(
  'nothing is lost; cut off after $cutAfterMs ms, seed $seed',
  async ({ cutAfterMs, seed }) => {
    const cluster = await startWhole(seed, 'fast');
    const { world, wire, machines, clients } = cluster;
    const { names } = machines.redis;
    machines.crash('redis-1');
    world.after(RESTARTS_AFTER_MS, () => void machines.start('redis-1'));
    const primaryBut = (other: string): string | undefined =>
      primariesOf(machines).find((name) => name !== other);
    expect(await world.run(() => primaryBut('redis-1') !== undefined, PROMOTED_WITHIN_MS)).toBe(true);
    const cutOff = primaryBut('redis-1') ?? '';
    await world.run(world.now() + cutAfterMs);
    const far = [...names.filter((name) => name !== cutOff), ...clients.map(({ name }) => name)];
    for (const other of far) wire.cut(cutOff, other);
    expect(await world.run(() => primaryBut(cutOff) !== undefined, PROMOTED_WITHIN_MS)).toBe(true);
    const writtenMs = world.now() + WRITTEN_AFTER_MS;
    const isWritten = (): boolean => clients.some((client) => client.acknowledgedAtMs() > writtenMs);
    expect(await world.run(isWritten, PROMOTED_WITHIN_MS)).toBe(true);
    await world.run(world.now() + ((seed * HEALS_LATER_MS) % HEALS_WITHIN_MS));
    for (const other of far) wire.heal(cutOff, other);
    await endsWhole(cluster, world.now());
  },
);
