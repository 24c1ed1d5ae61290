/** The faults of a seed: which, when and for how long. One at a time, each healed before the next begins. */
import { pick } from '../redis/fault.ts';
import { REDIS_FAULTS, redisFault, type RedisFault } from '../redis/faults.ts';
import { BROKER_FAULTS, type BrokerFault, strikeBroker } from './broker-faults.ts';
import { ENGINE_FAULTS, type EngineFault, strikeEngine } from './engine-faults.ts';
import type { System } from './system.ts';

export type PlannedFault = {
  readonly name: FaultKind;
  /** Strikes; the returned function heals it. It must not run the world: whoever calls it does. */
  readonly strike: (system: System) => Heal;
};

export type Heal = () => Promise<void> | void;

export type FaultKind = EngineFault | BrokerFault | RedisFault;

/** All of them; the Redis machines' own too. */
export const ALL_FAULTS: readonly FaultKind[] = [...ENGINE_FAULTS, ...BROKER_FAULTS, ...REDIS_FAULTS];

/**
 * Faults that are no reason for another engine to lead: what happens at terminals and at the broker, and wall clocks that
 * step. There is no wall clock in a lease.
 */
export const LEAVE_THE_LEADER: ReadonlySet<string> = new Set([
  ...BROKER_FAULTS,
  'wall clock step',
  'wall clock jump',
]);

/** Engine and broker faults alone. */
const BESIDE_REDIS: readonly FaultKind[] = [...ENGINE_FAULTS, ...BROKER_FAULTS];

/**
 * What a seed will strike, drawn before it begins. Every other seed leaves the Redis machines alone: those cost a quarter of
 * the events, because nobody needs to watch over Redis; the others draw from all there is.
 */
export function drawKinds(
  random: () => number,
  seed: number,
  only: readonly FaultKind[] | undefined,
  exactly?: number,
): FaultKind[] {
  const count = exactly ?? 1 + Math.floor(random() * 3);
  const all = only ?? ALL_FAULTS;
  const beside = seed % 2 === 0 ? [] : all.filter((kind) => BESIDE_REDIS.includes(kind));
  return Array.from({ length: count }, () => pick(random, beside.length > 0 ? beside : all));
}

/** Whether one of them happens to a Redis machine. */
export const strikesRedis = (kinds: readonly FaultKind[]): boolean =>
  kinds.some((kind) => !BESIDE_REDIS.includes(kind));

/** A fault of a kind. Striking it returns how it is healed. */
export function planFault(kind: FaultKind, random: () => number): PlannedFault {
  const ofEngine = ENGINE_FAULTS.find((fault) => fault === kind);
  const ofBroker = BROKER_FAULTS.find((fault) => fault === kind);
  return {
    name: kind,
    strike: (system) => {
      const note = (detail: string): void => system.world.note(`FAULT ${kind}: ${detail}`);
      if (ofEngine !== undefined) return strikeEngine(ofEngine, { system, random, note });
      if (ofBroker !== undefined) return strikeBroker(ofBroker, { system, random, note });
      const { world, wire, machines, names } = system;
      const clients = [...names.engines, 'client-1'];
      return redisFault(kind as RedisFault)({ world, wire, machines, clients, random, note });
    },
  };
}
