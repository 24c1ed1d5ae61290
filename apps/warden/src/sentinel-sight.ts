/** What one Sentinel sees, from its replies. */
import type { RedisReply, ReplicaSight, SentinelSight } from '@holdfast/ha-core';
import { hashOf } from '@holdfast/redis';

/** From the replies to MASTER, REPLICAS, SENTINELS and INFO, which were asked for at `askedAtMs` of the monotonic clock. */
export function readSight(
  [primary, replicas, sentinels, info]: readonly RedisReply[],
  askedAtMs: number,
): SentinelSight['view'] {
  const row = hashOf(primary);
  return {
    is: 'seen',
    primary: addressOf(row),
    configEpoch: Number(row['config-epoch'] ?? 0),
    primaryDown: flagsOf(row).some((flag) => flag === 's_down' || flag === 'o_down'),
    failoverUnderWay: flagsOf(row).includes('failover_in_progress'),
    pauses: isTilted(info),
    replicas: rows(replicas).map((replica) => ({
      ...replicaSight(replica),
      ...infoOf(replica, askedAtMs),
      linkDownTooLong: Number(replica['master-link-down-time'] ?? 0) > linkDownLimitMs(row),
    })),
    sentinelsDown: rows(sentinels)
      .filter((other) => flagsOf(other).some((flag) => flag === 's_down' || flag === 'disconnected'))
      .map(addressOf),
  };
}

/** Whether the reply to INFO of a Sentinel says that it pauses after a jump of its clock. */
export function isTilted(info: RedisReply | undefined): boolean {
  return /^sentinel_tilt:1/m.test(String(info));
}

/** From the reply to REPLICAS; none where it is an error. */
export function replicasIn(reply: RedisReply | undefined): readonly ReplicaSight[] {
  return rows(reply).map(replicaSight);
}

function replicaSight(replica: Record<string, string>): ReplicaSight {
  const flags = flagsOf(replica);
  return {
    endpoint: addressOf(replica),
    down: flags.includes('s_down') || flags.includes('o_down'),
    disconnected: flags.includes('disconnected'),
    priority: Number(replica['slave-priority'] ?? 100),
  };
}

/** Its age is told in ms; 0 stands for no INFO at all, and where the clock of the Sentinel has gone back it says nothing. */
function infoOf(replica: Record<string, string>, askedAtMs: number): Pick<ReplicaSight, 'infoAtMs'> {
  const ageMs = Number(replica['info-refresh'] ?? 0);
  return ageMs > 0 ? { infoAtMs: askedAtMs - ageMs } : {};
}

/** Sentinel passes over a replica whose link was down before the primary was, by more than ten times its down-after time. */
function linkDownLimitMs(primary: Record<string, string>): number {
  const downMs = Number(primary['s-down-time'] ?? 0);
  return downMs + 10 * Number(primary['down-after-milliseconds'] ?? 0);
}

function rows(reply: RedisReply | undefined): Record<string, string>[] {
  return Array.isArray(reply) ? (reply as readonly RedisReply[]).map(hashOf) : [];
}

const addressOf = (row: Record<string, string>): string => `${row['ip']}:${row['port']}`;
const flagsOf = (row: Record<string, string>): string[] => (row['flags'] ?? '').split(',');
