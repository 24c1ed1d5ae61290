/** A person beside the system: makes wishes by the same acknowledged write that a backend uses. */
import {
  type AcknowledgedWriter,
  createAcknowledgedWriter,
  createWishStore,
  type WishStore,
} from '@holdfast/redis';
import type { System } from './system.ts';

/** A process of its own that writes to Redis and is none of the system's. */
export function startWriter({ world, redis }: System, name: string): AcknowledgedWriter {
  const process = world.start(name);
  return createAcknowledgedWriter({
    host: process.host,
    redis: redis.nodesFor(process),
    nodes: redis.endpoints,
    log: () => undefined,
  });
}

/** What a person wishes. */
export function startPerson(system: System): WishStore {
  return createWishStore({ writer: startWriter(system, 'person'), reader: 'person' });
}
