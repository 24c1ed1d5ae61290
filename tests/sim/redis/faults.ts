/** All faults of the Redis machines, by name. */
import type { Fault } from './fault.ts';
import { LINK_FAULTS } from './link-faults.ts';
import { PLANNED_FAULTS } from './planned-faults.ts';
import { PROCESS_FAULTS } from './process-faults.ts';

const FAULTS = { ...PROCESS_FAULTS, ...LINK_FAULTS, ...PLANNED_FAULTS };

export type RedisFault = keyof typeof FAULTS;

export const REDIS_FAULTS = Object.keys(FAULTS) as readonly RedisFault[];

/** The fault of a name. */
export const redisFault = (name: RedisFault): Fault => FAULTS[name];
