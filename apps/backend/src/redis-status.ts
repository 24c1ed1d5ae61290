/** What status and console show of Redis: what this backend can acknowledge, by its own writer, and the topology as the wardens tell it. */
import type { Configuration } from '@holdfast/configuration';
import type { InSyncLevel } from '@holdfast/ha-core';
import { endpointName, type StoredFailover, type WriterView } from '@holdfast/redis';
import type { RedisNodeView, RedisTopology } from '@holdfast/topology';
import type { RedisView, ReplicaView } from './redis-watch.ts';

export type RedisStatus = {
  readonly primary: string | null;
  /** As the primary lists them. */
  readonly replicas: readonly ReplicaView[];
  /** How safe writes of this backend are now, and by which record. */
  readonly level: InSyncLevel;
  readonly term: number;
  readonly change: number;
  /** The nodes that may be promotable. */
  readonly members: readonly string[];
  /** Endpoints of the replicas that an acknowledgement needs. */
  readonly inSync: readonly string[];
  readonly usedMemoryPercent: number;
  /** The warden whose view the rest is; null while none answers: then it is what this backend sees itself. */
  readonly toldBy: string | null;
  readonly nodes: readonly Omit<RedisNodeView, 'record'>[];
  readonly sentinels: RedisTopology['sentinels'];
  /** How many Sentinels answer, and how many must before one may promote; null while no warden tells. */
  readonly quorum: { readonly answering: number; readonly needed: number } | null;
  readonly wardens: RedisTopology['wardens'];
  readonly waits: RedisTopology['waits'];
  readonly failovers: readonly StoredFailover[];
};

export type RedisStatusParts = {
  readonly redis: Configuration['redis'];
  readonly writer: WriterView;
  readonly view: RedisView;
  readonly topology: RedisTopology | undefined;
};

/** Puts it together. */
export function redisStatus({ redis, writer, view, topology }: RedisStatusParts): RedisStatus {
  const { record } = writer;
  return {
    primary: writer.primary ?? null,
    replicas: view.replicas,
    level: writer.level,
    term: record?.term ?? 0,
    change: record?.change ?? 0,
    members: record?.members ?? [],
    inSync: writer.inSync,
    usedMemoryPercent: Math.round(view.usedMemoryPercent * 10) / 10,
    toldBy: topology?.toldBy ?? null,
    nodes: topology?.nodes.map(withoutRecord) ?? ownNodes(redis, writer, view),
    sentinels: topology?.sentinels ?? [],
    quorum: topology === undefined ? null : quorumOf(topology.sentinels),
    wardens: topology?.wardens ?? [],
    waits: topology?.waits ?? null,
    failovers: view.failovers,
  };
}

/** A majority must vote, whatever number agrees that the primary is down. */
function quorumOf(sentinels: RedisTopology['sentinels']): NonNullable<RedisStatus['quorum']> {
  return {
    answering: sentinels.filter(({ names }) => names !== null).length,
    needed: Math.floor(sentinels.length / 2) + 1,
  };
}

function withoutRecord({ record: _record, ...shown }: RedisNodeView): RedisStatus['nodes'][number] {
  return shown;
}

/** Without a warden: the primary, and the replicas that it lists; of the others this backend knows nothing. */
function ownNodes(redis: Configuration['redis'], writer: WriterView, view: RedisView): RedisStatus['nodes'] {
  return redis.nodes.map((node) => {
    const endpoint = endpointName(node);
    const listed = view.replicas.find((replica) => replica.endpoint === endpoint);
    const isPrimary = endpoint === writer.primary;
    return {
      name: node.name,
      endpoint,
      role: isPrimary ? 'primary' : listed === undefined ? 'not known' : 'replica',
      of: listed === undefined ? null : (writer.primary ?? null),
      link: listed === undefined ? null : listed.online ? 'connected' : 'not online',
      offset: null,
      lagBytes: listed?.lagBytes ?? null,
      lagMs: null,
      priority: null,
      inSync: writer.inSync.includes(endpoint),
    };
  });
}

/** What of it an operator must know, in plain words. */
export function redisProblems(status: RedisStatus, redis: Configuration['redis']): string[] {
  const { primary, level, inSync, wardens, sentinels, quorum, waits } = status;
  const named = (endpoint: string): string =>
    redis.nodes.find((node) => endpointName(node) === endpoint)?.name ?? endpoint;
  const names = inSync.map(named).join(', ');
  const replicas = redis.nodes.length - 1;
  const found: string[] = [];
  if (primary === null) {
    const why = waits === null ? 'no primary that can acknowledge' : `no primary: ${waits.why}`;
    found.push(`Redis: ${why}: nothing is accepted`);
  } else if (level === 'none') {
    const why =
      names === '' ? 'no replica is in the in-sync set' : `of ${names}, which it needs, one is not connected`;
    found.push(`Redis: nothing is acknowledged: ${why}`);
  } else if (level === 'degraded') {
    found.push(`Redis: DEGRADED: ${names} alone of ${replicas} replicas is in the in-sync set`);
  }
  const silent = wardens.filter(({ answers }) => !answers).map(({ name }) => name);
  if (wardens.length > 0 && silent.length > 0)
    found.push(`Redis: ${silent.join(', ')} of the wardens does not answer`);
  const blind = sentinels.filter(({ names: whom }) => whom === null).map(({ name }) => name);
  if (quorum !== null && quorum.answering < quorum.needed) {
    found.push(
      `Redis: ${quorum.answering} of ${sentinels.length} Sentinels answer: no majority, so a lost primary is not replaced`,
    );
  } else if (blind.length > 0) found.push(`Redis: ${blind.join(', ')} of the Sentinels does not answer`);
  return found;
}
