/** An engine's three ways to Redis: what it writes, what it only looks at, and what it waits for. */
import type { Host, RedisNodes } from '@holdfast/ha-core';
import {
  type AcknowledgedWriter,
  createAcknowledgedWriter,
  createPrimaryConnection,
  type PrimaryConnection,
} from '@holdfast/redis';
import type { EngineOptions } from './engine-options.ts';

export type RedisConnections = {
  readonly writer: AcknowledgedWriter;
  readonly reads: PrimaryConnection;
  /** Its reads block: nothing else may stand behind them. */
  readonly blocking: PrimaryConnection;
};

/** The writer finds a new primary within milliseconds; the others go where it went. */
export function createRedisConnections(
  host: Host,
  redis: RedisNodes,
  { nodes, log, onRound, onMissing }: EngineOptions,
): RedisConnections {
  const reads = createPrimaryConnection({ host, redis, nodes });
  const blocking = createPrimaryConnection({ host, redis, nodes });
  const writer = createAcknowledgedWriter({
    host,
    redis,
    nodes,
    log,
    ...(onRound === undefined ? {} : { onRound }),
    ...(onMissing === undefined ? {} : { onMissing }),
  });
  writer.onPrimary(reads.moved);
  writer.onPrimary(blocking.moved);
  return { writer, reads, blocking };
}
