/**
 * I1 at the Redis nodes: whoever becomes primary, by whatever way, holds all that anybody was ever told is stored; and at
 * no moment could a Sentinel promote a node that does not. A Sentinel chooses by its own view, so it is asked which
 * nodes it could choose; nothing here reads what the primary lists.
 */
import { choosable } from '@holdfast/simulation';
import type { Machines, NodeData } from '../redis/machines.ts';
import { addressOf } from '../redis/wholeness.ts';
import { Broken } from './broken.ts';

/** A field of a hash that must be there, or another one that says that it has served its turn. */
export type ToldWrite = {
  readonly key: string;
  readonly field: string;
  readonly or?: { readonly key: string; readonly field: string };
  /** What it stands for. */
  readonly what: string;
};

export type PromotionChecker = {
  /** Somebody is told that this is stored, or acts on it. */
  readonly told: (write: ToldWrite) => void;
  /** It need not be there any more. */
  readonly forget: (write: Pick<ToldWrite, 'key' | 'field'>) => void;
  readonly onPrimary: (name: string, data: NodeData) => void;
  /** After every event. */
  readonly always: () => void;
  /** All that was told. */
  readonly writes: () => readonly ToldWrite[];
};

/** Which nodes the Sentinels could choose is looked at anew after so many events. */
const EVENTS_BETWEEN_LOOKS = 40;

/** Looks at the machines that `machines` returns; nothing before there are any. */
export function createPromotionChecker(machines: () => Machines | undefined): PromotionChecker {
  const writes = new Map<string, ToldWrite>();
  /** Nodes that some Sentinel could choose, as they were last looked at. */
  let last = '';
  let events = 0;

  const judge = (name: string, data: NodeData, how: string): void => {
    for (const write of writes.values()) {
      if (!holds(data, write)) throw new Broken('I1', `${name} ${how} without ${write.what}`);
    }
  };

  const look = (): void => {
    events = 0;
    const present = machines();
    if (present === undefined) return;
    const now = promotable(present);
    const text = now.map(({ name, by }) => `${name} ${by}`).join();
    if (text === last) return;
    last = text;
    for (const { name, by } of now)
      judge(name, present.redis.state(name).disk.data, `could be promoted by ${by}`);
  };

  return {
    told: (write) => {
      writes.set(`${write.key} ${write.field}`, write);
      const present = machines();
      if (present === undefined) return;
      for (const { name, by } of promotable(present)) {
        if (!holds(present.redis.state(name).disk.data, write))
          throw new Broken('I1', `${write.what} is told, and ${name} could be promoted by ${by} without it`);
      }
    },
    forget: ({ key, field }) => void writes.delete(`${key} ${field}`),
    onPrimary: (name, data) => judge(name, data, 'became primary'),
    always: () => {
      events += 1;
      if (events >= EVENTS_BETWEEN_LOOKS) look();
    },
    writes: () => [...writes.values()],
  };
}

/** Whether it is in a node's data. */
export function holds(data: NodeData, { key, field, or }: Omit<ToldWrite, 'what'>): boolean {
  const value = data.keys.get(key);
  return (value?.is === 'hash' && value.fields.has(field)) || (or !== undefined && holds(data, or));
}

/**
 * Nodes that run and that a Sentinel that could be elected could choose now, each with the first such Sentinel. None could
 * that is cut off from a majority, or pauses because its clock jumped. Not among the nodes: an old primary that came back and still says so. Redis does not tell a primary's priority, so that Sentinel takes it for 100;
 * it is the last choice, because its offset counts as 0, and its own warden demotes it at once.
 */
export function promotable(machines: Machines): { readonly name: string; readonly by: string }[] {
  const { redis, sentinels } = machines;
  const found = new Map<string, string>();
  for (const by of sentinels) {
    const state = redis.sentinel(by);
    const { process } = state.options;
    if (!acts(machines, by) || heardBy(machines, by) * 2 <= sentinels.length) continue;
    for (const { address, role } of choosable(state, process.host.wallMs())) {
      if (role === 'master') continue;
      const name = redis.names.find((one) => addressOf(machines, one) === address) ?? '';
      if (redis.process(name).state() === 'running' && !found.has(name)) found.set(name, by);
    }
  }
  return [...found].map(([name, by]) => ({ name, by }));
}

function acts({ redis }: Machines, sentinel: string): boolean {
  const { options, tiltSinceMs } = redis.sentinel(sentinel);
  return options.process.state() === 'running' && tiltSinceMs === 0;
}

/** How many Sentinels that run it can speak with, itself among them. */
function heardBy({ redis, sentinels, wire }: Machines, sentinel: string): number {
  const own = redis.process(sentinel).machine;
  return sentinels.filter((other) => {
    const { machine, state } = redis.process(other);
    return state() === 'running' && !wire.isCut(own, machine) && !wire.isCut(machine, own);
  }).length;
}
