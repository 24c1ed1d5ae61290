/** What the Redis nodes and Sentinels say of themselves, each asked once: for doctor, and for status while no warden answers. */
import type { LoadedConfiguration } from '@holdfast/configuration';
import {
  type Command,
  type Endpoint,
  type InSyncRecord,
  RedisError,
  type RedisNodes,
  type RedisReply,
} from '@holdfast/ha-core';
import { ask } from '@holdfast/local-cluster';
import {
  endpointName,
  FAILOVERS_KEY,
  hashOf,
  parseRecord,
  parseRole,
  READ_RECORD,
  readFailovers,
  type Role,
  type StoredFailover,
} from '@holdfast/redis';

export type Named = Endpoint & { readonly name: string };

export type NodeEvidence = {
  readonly node: Named;
  /** Why there is no answer, or why it refuses to answer; undefined when it does. */
  readonly refuses: string | undefined;
  readonly role: Role | undefined;
  readonly record: InSyncRecord | undefined;
  /** INFO, field by field; empty where it was not read. */
  readonly info: ReadonlyMap<string, string>;
  /** How far its wall clock is ahead of this machine's; undefined where it was not told. */
  readonly clockAheadMs: number | undefined;
  readonly failovers: readonly StoredFailover[];
};

export type SentinelEvidence = {
  readonly node: Named;
  readonly refuses: string | undefined;
  /** Whom it names, as `host:port`. */
  readonly names: string | undefined;
  readonly flags: readonly string[];
  /** What SENTINEL CKQUORUM replied; undefined where it was not asked. */
  readonly quorum: { readonly reached: boolean; readonly said: string } | undefined;
  /** For how long it has paused after a jump of its clock (TILT); undefined while it works. */
  readonly tiltForS: number | undefined;
  /** Replicas and other Sentinels that it knows, as `host:port`, with their flags. */
  readonly replicas: ReadonlyMap<string, readonly string[]>;
  readonly others: ReadonlyMap<string, readonly string[]>;
};

/** Asks one Redis node. Never rejects for what the outside does. */
export async function askNode(redis: RedisNodes, node: Named): Promise<NodeEvidence> {
  const commands: Command[] = [['ROLE'], READ_RECORD, ['INFO'], ['LRANGE', FAILOVERS_KEY, '0', '-1']];
  const askedAt = Date.now();
  const asked = await ask(redis, node, commands);
  const midway = (askedAt + Date.now()) / 2;
  if (asked.is === 'silent') {
    const nothing = { role: undefined, record: undefined, clockAheadMs: undefined, failovers: [] };
    return { node, refuses: asked.why, info: new Map(), ...nothing };
  }
  const [roleReply, recordReply, infoReply, listReply] = asked.replies;
  const refused = roleReply instanceof RedisError ? roleReply.message : undefined;
  const info = typeof infoReply === 'string' ? infoOf(infoReply) : new Map<string, string>();
  const itsTime = info.get('server_time_usec');
  return {
    node,
    refuses: refused,
    role: refused === undefined ? parseRole(roleReply) : undefined,
    record: parseRecord(recordReply),
    info,
    clockAheadMs: itsTime === undefined ? undefined : Math.round(Number(itsTime) / 1000 - midway),
    failovers: readFailovers(listReply),
  };
}

/** Asks one Sentinel. Never rejects for what the outside does. */
export async function askSentinelFully(
  redis: RedisNodes,
  node: Named,
  primaryName: string,
): Promise<SentinelEvidence> {
  const verbs = ['MASTER', 'CKQUORUM', 'REPLICAS', 'SENTINELS'];
  const commands: Command[] = verbs.map((verb) => ['SENTINEL', verb, primaryName]);
  const asked = await ask(redis, node, [...commands, ['INFO', 'sentinel']]);
  const nothing = { node, names: undefined, flags: [], quorum: undefined, tiltForS: undefined };
  if (asked.is === 'silent') {
    return { ...nothing, refuses: asked.why, replicas: new Map(), others: new Map() };
  }
  const [primary, quorum, replicas, others, infoReply] = asked.replies;
  const known = { replicas: flagsByEndpoint(replicas), others: flagsByEndpoint(others) };
  if (primary instanceof RedisError) return { ...nothing, ...known, refuses: primary.message };
  const row = hashOf(primary);
  const info = typeof infoReply === 'string' ? infoOf(infoReply) : new Map<string, string>();
  return {
    node,
    refuses: undefined,
    names: `${row['ip']}:${row['port']}`,
    flags: flagsOf(row),
    quorum: {
      reached: !(quorum instanceof RedisError),
      said: quorum instanceof RedisError ? quorum.message : String(quorum),
    },
    tiltForS: info.get('sentinel_tilt') === '1' ? Number(info.get('sentinel_tilt_since_seconds')) : undefined,
    ...known,
  };
}

/** All of a configuration, asked at once. */
export async function askAll(
  { values }: LoadedConfiguration,
  redis: RedisNodes,
): Promise<{ readonly nodes: readonly NodeEvidence[]; readonly sentinels: readonly SentinelEvidence[] }> {
  const { nodes, sentinels, primaryName } = values.redis;
  const [ofNodes, ofSentinels] = await Promise.all([
    Promise.all(nodes.map((node) => askNode(redis, node))),
    Promise.all(sentinels.map((sentinel) => askSentinelFully(redis, sentinel, primaryName))),
  ]);
  return { nodes: ofNodes, sentinels: ofSentinels };
}

/** INFO's `field:value` lines. */
export function infoOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\r\n').flatMap((line) => {
      const at = line.indexOf(':');
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1)] as const] : [];
    }),
  );
}

function flagsByEndpoint(reply: RedisReply | undefined): ReadonlyMap<string, readonly string[]> {
  const rows = Array.isArray(reply) ? (reply as readonly RedisReply[]).map(hashOf) : [];
  return new Map(
    rows.map((row) => [endpointName({ host: row['ip'] ?? '', port: Number(row['port']) }), flagsOf(row)]),
  );
}

const flagsOf = (row: Record<string, string>): string[] => (row['flags'] ?? '').split(',');
