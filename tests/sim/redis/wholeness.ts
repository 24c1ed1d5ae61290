/** Whether the Redis of a simulated system is whole: one primary, the full set behind it, and everybody agrees. */
import { type InSyncRecord, isNewer, NO_RECORD } from '@holdfast/ha-core';
import type { World } from '@holdfast/simulation';
import type { Machines, NodeData } from './machines.ts';

/** Where the in-sync record stands in a node's data. */
export const RECORD_KEY = 'hf:in-sync';
const LOOK_EVERY_MS = 10;

/** The in-sync record in a node's data. */
export function recordIn(data: NodeData): InSyncRecord {
  const value = data.keys.get(RECORD_KEY);
  if (value?.is !== 'hash') return NO_RECORD;
  const field = (name: string): string => value.fields.get(name) ?? '';
  return {
    term: Number(field('term')),
    change: Number(field('change')),
    primary: field('primary'),
    members: field('members')
      .split(' ')
      .filter((member) => member !== ''),
    writes: Number(field('writes')),
  };
}

/** Nodes that run and call themselves primary. */
export function primariesOf({ redis }: Machines): string[] {
  return redis.names.filter((name) => {
    const { process, primary } = redis.state(name);
    return process.state() === 'running' && primary === undefined;
  });
}

/** The node that takes writes now: of several the one with the newest record; the first node where none says so. */
export function primaryOf(machines: Machines): string {
  const [first, ...others] = primariesOf(machines);
  const record = (name: string): InSyncRecord => recordIn(machines.redis.state(name).disk.data);
  if (first === undefined) return machines.redis.names[0] ?? '';
  return others.reduce((best, other) => (isNewer(record(other), record(best)) ? other : best), first);
}

/** What is missing until it is whole, in words; undefined when nothing is. */
export function missing(machines: Machines): string | undefined {
  const { redis, sentinels, wardens } = machines;
  const stopped = [...redis.names, ...sentinels, ...wardens].find(
    (name) => machines.process(name)?.state() !== 'running',
  );
  if (stopped !== undefined) return `${stopped} does not run`;
  const primaries = primariesOf(machines);
  const [primary] = primaries;
  if (primary === undefined || primaries.length > 1) return `primaries: ${primaries.join(', ') || 'none'}`;
  const address = addressOf(machines, primary);
  const doubting = sentinels.find((name) => {
    const { primary: named, failover } = redis.sentinel(name);
    return named.address !== address || failover.state !== 'none' || named.downSinceMs > 0;
  });
  if (doubting !== undefined) return `${doubting} does not name ${primary}, or fails over`;
  const state = redis.state(primary);
  const online = [...state.replicas.values()].filter((replica) => replica.online);
  if (online.length !== redis.names.length - 1) return `${online.length} replicas follow ${primary}`;
  const record = recordIn(state.disk.data);
  const wanted = redis.names.filter((name) => name !== primary).map((name) => addressOf(machines, name));
  if (record.primary !== address) return `the record speaks for ${record.primary}`;
  if (record.members.join(' ') !== wanted.sort().join(' ')) return `members: ${record.members.join(' ')}`;
  const wrong = redis.names.find((name) => {
    const priority = redis.state(name).settings['replica-priority'];
    return priority !== (name === primary ? 0 : 100);
  });
  return wrong === undefined ? undefined : `the priority of ${wrong}`;
}

/** Runs the world until it is whole, or for so long; looked at now and then, because looking costs. */
export async function untilWhole(world: World, machines: Machines, withinMs: number): Promise<void> {
  const endMs = world.now() + withinMs;
  while (world.now() < endMs && missing(machines) !== undefined) await world.run(world.now() + LOOK_EVERY_MS);
}

/** `host:port` of a node. */
export function addressOf({ redis }: Machines, name: string): string {
  const endpoint = redis.endpoints[redis.names.indexOf(name)];
  return `${endpoint?.host}:${endpoint?.port}`;
}
