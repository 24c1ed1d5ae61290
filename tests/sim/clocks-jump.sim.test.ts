/**
 * The clocks of all machines jump, so that no Sentinel acts for half a minute, and the primary dies meanwhile: by then the
 * links of the replicas are down for longer than Sentinel's choice allows. Nobody would be promoted for ever; the wardens
 * start a node by the data.
 */
import { expect, test } from 'vitest';
import { startCluster } from './cluster/cluster.ts';
import { missing } from './redis/wholeness.ts';

const READY_WITHIN_MS = 10_000;
const BACK_AFTER_MS = 3000;
/** Half a minute in which the Sentinels do not act, and then as after every fault. */
const WHOLE_WITHIN_MS = 50_000;

test.each([1, 2, 3, 4])('whole again, and nothing is lost (I1); seed %i', async (seed) => {
  const { world, machines, clients } = startCluster({ seed, profile: 'fast', trace: false });
  expect(await world.run(() => missing(machines) === undefined, READY_WITHIN_MS)).toBe(true);
  await world.run(world.now() + 1000);
  for (const name of machines.redis.names) machines.redis.process(name).stepWallClock(5000);
  await world.run(world.now() + 500);
  machines.crash('redis-1');
  await world.run(world.now() + BACK_AFTER_MS);
  void machines.start('redis-1');
  const backAtMs = world.now();
  const whole = (): boolean =>
    missing(machines) === undefined && clients.every((client) => client.acknowledgedAtMs() > backAtMs);
  await world.run(whole, WHOLE_WITHIN_MS);
  expect(missing(machines) ?? 'nothing').toBe('nothing');
  for (const client of clients) client.stop();
});
