/**
 * I1 at the Redis nodes: whoever becomes primary, by whatever way, holds all that anybody was ever told is stored; and at
 * no moment could a Sentinel promote a node that does not. A Sentinel chooses by its own view, so it is asked which
 * nodes it could choose; nothing here reads what the primary lists.
 */
import { isPassedOver } from '@holdfast/ha-core';
import { choosable, firstOf } from '@holdfast/simulation';
import type { Machines, NodeData } from '../redis/machines.ts';
import { addressOf, recordIn } from '../redis/wholeness.ts';
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

  /** Could be promoted without a write, by a Sentinel that would ask anew first: it counts when it is still so a moment later. */
  let open: { readonly candidate: Candidate; readonly write: ToldWrite; readonly atMs: number } | undefined;

  const judgeCandidate = (present: Machines, candidate: Candidate, write: ToldWrite, text: string): void => {
    const { name, by, asksFirst } = candidate;
    if (holds(present.redis.state(name).disk.data, write)) return;
    if (!asksFirst) throw new Broken('I1', text);
    open ??= { candidate, write, atMs: present.redis.process(by).host.monotonicMs() };
  };

  const judgeOpen = (present: Machines): void => {
    if (open === undefined) return;
    const { candidate, write, atMs } = open;
    if (present.redis.process(candidate.by).host.monotonicMs() - atMs < CHOOSES_AFTER_MS) return;
    open = undefined;
    const still = promotable(present).find(({ name }) => name === candidate.name);
    if (still === undefined || !writes.has(`${write.key} ${write.field}`)) return;
    if (!holds(present.redis.state(still.name).disk.data, write))
      throw new Broken('I1', `${still.name} could be promoted by ${still.by} without ${write.what}`);
  };

  const judge = (name: string, data: NodeData, how: string): void => {
    for (const write of writes.values()) {
      if (!holds(data, write)) throw new Broken('I1', `${name} ${how} without ${write.what}`);
    }
  };

  /**
   * Primaries that another node's record passes over: a Sentinel's command waited in a node that was frozen, or the Sentinel
   * took an old primary whose INFO it never had for promotable. Nobody may take such a node for the primary: nobody may
   * claim it.
   */
  const passedOver = new Map<string, { readonly term: number }>();

  const isPassed = (present: Machines, name: string, data: NodeData): boolean =>
    present.redis.names.some(
      (other) =>
        // It is only now being started itself, and others may be yet to come.
        other !== name &&
        present.process(other) !== undefined &&
        isPassedOver(
          recordIn(data),
          addressOf(present, name),
          recordIn(present.redis.state(other).disk.data),
        ),
    );

  const judgePassedOver = (present: Machines): void => {
    for (const [name, { term }] of passedOver) {
      const { disk, primary, process } = present.redis.state(name);
      if (primary !== undefined || process.state() === 'dead') passedOver.delete(name);
      else if (recordIn(disk.data).term > term) judge(name, disk.data, 'was claimed, though passed over,');
    }
  };

  const look = (): void => {
    events = 0;
    const present = machines();
    if (present === undefined) return;
    judgeOpen(present);
    judgePassedOver(present);
    const now = promotable(present);
    const text = now.map(({ name, by }) => `${name} ${by}`).join();
    if (text === last) return;
    last = text;
    for (const candidate of now)
      for (const write of writes.values()) {
        const what = `${candidate.name} could be promoted by ${candidate.by} without ${write.what}`;
        judgeCandidate(present, candidate, write, what);
      }
  };

  return {
    told: (write) => {
      writes.set(`${write.key} ${write.field}`, write);
      const present = machines();
      if (present === undefined) return;
      for (const candidate of promotable(present)) {
        const { name, by } = candidate;
        const text = `${write.what} is told, and ${name} could be promoted by ${by} without it`;
        judgeCandidate(present, candidate, write, text);
      }
    },
    forget: ({ key, field }) => void writes.delete(`${key} ${field}`),
    onPrimary: (name, data) => {
      const present = machines();
      if (present !== undefined && isPassed(present, name, data)) passedOver.set(name, recordIn(data));
      else judge(name, data, 'became primary');
    },
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
 * that is cut off from a majority, or pauses because its clock jumped. Not among the nodes:
 *
 * - An old primary that came back and still says so. Redis does not tell a primary's priority, so that Sentinel takes it
 *   for 100; it is the last choice, because its offset counts as 0, and its own warden demotes it at once.
 * - One that is not promotable by now, and that Sentinel has not heard it yet: a machine that was frozen goes on, and its
 *   node answers an old INFO right before its warden runs. It counts where the Sentinel may choose before it asks again: it
 *   takes the primary for down, or a failover is under way, and no other node is its first choice; ARCHITECTURE section 5
 *   tells it ("does not cover").
 * - One that Sentinel would ask anew before it chose, and that would say that it is not promotable (see `wouldTellFirst`).
 *
 * A Sentinel that waits to see whom it has promoted chooses nobody before that failover is over, and then by what it has heard by
 * then. What it does when it sees that one is shown where it does it (`unseen-promotion.sim.test.ts`).
 */
export function promotable(machines: Machines): Candidate[] {
  const { redis, sentinels } = machines;
  const found = new Map<string, Candidate>();
  for (const by of sentinels) {
    const state = redis.sentinel(by);
    const { process } = state.options;
    if (!acts(machines, by) || heardBy(machines, by) * 2 <= sentinels.length) continue;
    if (state.failover.state === 'wait_promotion') continue;
    const nowMs = process.host.wallMs();
    const seen = choosable(state, nowMs).flatMap((instance) => {
      const name = redis.names.find((one) => addressOf(machines, one) === instance.address) ?? '';
      const lowered = redis.state(name).settings['replica-priority'] === 0;
      const asksFirst = wouldTellFirst(machines, by, name, instance, nowMs);
      return lowered && asksFirst ? [] : [{ instance, name, lowered, asksFirst }];
    });
    const first = firstOf(seen.map(({ instance }) => instance));
    for (const { instance, name, lowered, asksFirst } of seen) {
      if (instance.role === 'master' || (lowered && (instance !== first || !choosesSoon(state)))) continue;
      if (redis.process(name).state() !== 'running') continue;
      if (found.get(name)?.asksFirst ?? true) found.set(name, { name, by, asksFirst });
    }
  }
  return [...found.values()];
}

/** `asksFirst`: that Sentinel would ask the node anew before it chose, so what the node says in a moment decides. */
type Candidate = { readonly name: string; readonly by: string; readonly asksFirst: boolean };

/** From the beginning of a failover to the choice: one tick of a Sentinel at least. */
const CHOOSES_AFTER_MS = 50;

type Seen = ReturnType<typeof choosable>[number];

/** In a failover Sentinel asks for INFO where the last is older, */
const INFO_URGENT_MS = 1000;
/** and chooses one tick later at the soonest. Half of a tick is left for the answer. */
const ANSWERS_WITHIN_MS = 25;

/**
 * A Sentinel asks a replica for INFO again as soon as a failover has begun, where the last one is older than a second, and
 * chooses a tick later or more: by the priority that the node has now. Counted only where nothing is in the way of that
 * answer: no cut, no slow link, no PING that waits (held back by a cut that has just healed, say; where nobody hurries the
 * Sentinels that is over long before their own timer begins a failover).
 */
function wouldTellFirst(machines: Machines, by: string, name: string, seen: Seen, nowMs: number): boolean {
  const { redis, wire } = machines;
  const { primary, periods } = redis.sentinel(by);
  const soon = primary.downSinceMs > 0 || periods.infoMs <= INFO_URGENT_MS;
  if (nowMs - seen.infoAtMs <= INFO_URGENT_MS) return false;
  const { pingWaitsMs } = seen.link;
  if (soon && pingWaitsMs > 0 && nowMs - pingWaitsMs > ANSWERS_WITHIN_MS) return false;
  const { machine } = redis.process(by);
  const ways = [
    [machine, name],
    [name, machine],
  ] as const;
  return ways.every(([from, to]) => !wire.isCut(from, to) && wire.slowMs(from, to) * 2 < ANSWERS_WITHIN_MS);
}

/** Its own timer has run out for the primary, or it was asked to begin at once: who is promoted is decided next. */
function choosesSoon({ primary, failover }: ReturnType<Machines['redis']['sentinel']>): boolean {
  return primary.downSinceMs > 0 || failover.state === 'wait_start' || failover.state === 'select_slave';
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
