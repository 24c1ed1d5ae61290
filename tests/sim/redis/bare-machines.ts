/**
 * The three Redis nodes alone, with the set that their wardens would have formed: for a system in which nothing happens to Redis.
 * Nobody watches over them, and nobody needs to.
 */
import { createRedisCluster } from '@holdfast/simulation';
import type { Machines, MachinesOptions } from './machines.ts';
import { settingsOf } from './settings.ts';
import { addressOf, RECORD_KEY } from './wholeness.ts';

/** Starts them; they are in sync a moment of the world's time later. */
export function startBareMachines({
  world,
  wire,
  profile,
  onPrimary,
}: Pick<MachinesOptions, 'world' | 'wire' | 'profile' | 'onPrimary'>): Machines {
  const redis = createRedisCluster(world, wire, {
    settings: settingsOf(profile),
    onPrimary: (name, { disk }) => onPrimary(name, disk.data),
  });
  const machines: Machines = {
    redis,
    wire,
    sentinels: [],
    wardens: [],
    warden: () => undefined,
    process: (name) => (redis.names.includes(name) ? redis.process(name) : undefined),
    crash: (name) => redis.kill(name),
    start: () => Promise.reject(new Error('nothing happens to Redis here')),
  };
  const [primary = '', ...members] = redis.names;
  const record = {
    term: '1',
    change: '0',
    primary: addressOf(machines, primary),
    members: members.map((name) => addressOf(machines, name)).join(' '),
    writes: '0',
  };
  const { settings, disk } = redis.state(primary);
  disk.data.keys.set(RECORD_KEY, { is: 'hash', fields: new Map(Object.entries(record)) });
  settings['replica-priority'] = 0;
  for (const name of members) redis.state(name).settings['replica-priority'] = 100;
  return machines;
}
