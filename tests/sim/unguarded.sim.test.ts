/**
 * A replica is cut off together with the Sentinel beside it, and its warden is gone already: nobody there makes it not
 * promotable. It must not leave the set by time alone, or that Sentinel could promote it when the cut ends, without what was
 * acknowledged meanwhile (I1). A warden that is back before the cut, just now, is one that does.
 */
import { expect, test } from 'vitest';
import { endsWhole, startWhole } from './cluster/scenario.ts';
import { processesOn } from './redis/fault.ts';
import { primaryOf } from './redis/wholeness.ts';

const CUT_FOR_MS = 2500;
const SHUTS_EVERY_MS = 300;
const SHUT_FOR_MS = 2000;
/** A client pauses for a sixth of this between two writes at most. */
const ACKNOWLEDGED_WITHIN_MS = 1000;

/** So long after its warden was killed the replica is cut off; the warden is back before that, or when all is over. */
const CASES = [
  { cutAfterMs: 10, backAfterMs: Number.POSITIVE_INFINITY, goesOn: false },
  { cutAfterMs: 300, backAfterMs: Number.POSITIVE_INFINITY, goesOn: false },
  { cutAfterMs: 600, backAfterMs: 550, goesOn: true },
];
const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);

test.each(CASES.flatMap((one) => SEEDS.map((seed) => ({ ...one, seed }))))(
  'nobody could be promoted without what is acknowledged; back after $backAfterMs, seed $seed',
  async ({ cutAfterMs, backAfterMs, goesOn, seed }) => {
    const cluster = await startWhole(seed, 'fast');
    const { world, wire, machines, clients } = cluster;
    const names = machines.redis.names;
    const replica = names.find((name) => name !== primaryOf(machines)) ?? '';
    const others = names.filter((name) => name !== replica);
    const killedAtMs = world.now();
    machines.crash(machines.wardens[names.indexOf(replica)] ?? '');
    await world.run(killedAtMs + Math.min(backAfterMs, cutAfterMs));
    if (backAfterMs < cutAfterMs) for (const warden of machines.wardens) void machines.start(warden);
    await world.run(killedAtMs + cutAfterMs);
    for (const other of others) wire.cut(replica, other);
    await world.run(world.now() + CUT_FOR_MS);
    const lateMs = world.now() - Math.min(...clients.map((client) => client.acknowledgedAtMs()));
    for (const other of others) wire.heal(replica, other);
    await world.run(world.now() + 1000);
    for (const warden of machines.wardens) void machines.start(warden);
    await endsWhole(cluster);
    expect(lateMs < ACKNOWLEDGED_WITHIN_MS).toBe(goesOn);
  },
);

test.each(SEEDS)(
  'a machine that is shut down, its warden first, holds up nobody for long; seed %i',
  async (seed) => {
    const { world, machines, clients } = await startWhole(seed, 'fast');
    const names = machines.redis.names;
    const replica = names.find((name) => name !== primaryOf(machines)) ?? '';
    for (const process of processesOn(machines, replica).toReversed()) {
      machines.crash(process);
      await world.run(world.now() + SHUTS_EVERY_MS);
    }
    await world.run(world.now() + SHUT_FOR_MS);
    const lateMs = world.now() - Math.min(...clients.map((client) => client.acknowledgedAtMs()));
    expect(lateMs).toBeLessThan(ACKNOWLEDGED_WITHIN_MS);
    for (const client of clients) client.stop();
  },
);
