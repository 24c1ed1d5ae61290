/**
 * The Redis of a cluster as it is (primary, in-sync set, replicas, Sentinels, wardens), put together from what the wardens
 * say of it on `GET /status`. Pure; whoever shows it brings the answers. Nodes are named by endpoint (`host:port`) where Redis
 * names them so.
 */
import type { Configuration } from '@holdfast/configuration';
import { type Endpoint, type InSyncLevel, levelNow } from '@holdfast/ha-core';
import { z } from 'zod';

const record = z.looseObject({
  term: z.number(),
  change: z.number(),
  primary: z.string(),
  members: z.array(z.string()),
  writes: z.number(),
});

/** What a warden answers; fields that are not shown are let through. */
export const wardenReportSchema = z.looseObject({
  name: z.string(),
  node: z.looseObject({ endpoint: z.string(), priority: z.number().nullable() }),
  nodes: z.array(
    z.looseObject({
      endpoint: z.string(),
      role: z.string(),
      of: z.string().nullable(),
      link: z.string().nullable(),
      offset: z.number().nullable(),
      record: record.nullable(),
    }),
  ),
  primary: z.string().nullable(),
  inSync: z.looseObject({
    term: z.number(),
    change: z.number(),
    members: z.array(z.string()),
    needed: z.array(z.string()),
  }),
  replicas: z.array(z.looseObject({ endpoint: z.string(), lagBytes: z.number(), lagMs: z.number() })),
  sentinels: z.array(
    z.looseObject({ endpoint: z.string(), names: z.string().nullable(), down: z.array(z.string()) }),
  ),
  wardens: z.array(z.string()),
  waits: z.looseObject({ why: z.string(), missing: z.array(z.string()) }).nullable(),
  pressed: z.boolean().default(false),
  failovers: z.array(z.unknown()),
});

export type WardenReport = z.output<typeof wardenReportSchema>;

/** A warden's report, or why there is none. */
export type WardenAnswer =
  | { readonly is: 'report'; readonly report: WardenReport }
  | { readonly is: 'silent'; readonly why: string };

export type InSyncRecordView = z.output<typeof record>;

export type RedisNodeView = {
  readonly name: string;
  readonly endpoint: string;
  /** primary, replica, other (it answers with an error), silent. */
  readonly role: string;
  /** Whom a replica follows, and how its link stands. */
  readonly of: string | null;
  readonly link: string | null;
  readonly offset: number | null;
  /** How far behind the primary; null where the primary does not list it. */
  readonly lagBytes: number | null;
  readonly lagMs: number | null;
  /** 100 when Sentinel may promote it; null while nobody says. */
  readonly priority: number | null;
  /** Whether an acknowledgement needs it now. */
  readonly inSync: boolean;
  readonly record: InSyncRecordView | null;
};

export type SentinelRow = {
  readonly name: string;
  readonly endpoint: string;
  /** Whom it names as primary; null when it does not answer. */
  readonly names: string | null;
  /** Other Sentinels that it sees as down. */
  readonly down: readonly string[];
};

export type WardenRow = {
  readonly name: string;
  /** The Redis node beside it, and where the warden answers. */
  readonly node: string;
  readonly endpoint: string;
  readonly answers: boolean;
  /** Why it does not answer, or which other wardens it has a link to. */
  readonly detail: string;
};

export type RedisTopology = {
  /** The warden whose view it is; null where none answers and it was put together otherwise. */
  readonly toldBy: string | null;
  /** The primary's endpoint. */
  readonly primary: string | null;
  readonly inSync: {
    readonly level: InSyncLevel;
    readonly term: number;
    readonly change: number;
    readonly members: readonly string[];
    /** The replicas that an acknowledgement needs now. */
    readonly needed: readonly string[];
  };
  readonly nodes: readonly RedisNodeView[];
  readonly sentinels: readonly SentinelRow[];
  readonly wardens: readonly WardenRow[];
  /** Why nobody is primary, where only a person can decide. */
  readonly waits: { readonly why: string; readonly missing: readonly string[] } | null;
  /** A machine is short of processors: wardens and Sentinels wait longer for a silent primary. */
  readonly pressed: boolean;
};

const at = ({ host, port }: Endpoint): string => `${host}:${port}`;

/**
 * The topology as the warden with the newest view has it, with each node's priority from its own warden; undefined when no
 * warden reports. `answers` are by the warden's name.
 */
export function topologyOf(
  redis: Configuration['redis'],
  answers: ReadonlyMap<string, WardenAnswer>,
): RedisTopology | undefined {
  const reports = [...answers.values()].flatMap((answer) => (answer.is === 'report' ? [answer.report] : []));
  const best = newestOf(reports);
  if (best === undefined) return undefined;
  const { term, change, members, needed } = best.inSync;
  const connected = best.replicas.map(({ endpoint }) => endpoint);
  return {
    toldBy: best.name,
    primary: best.primary,
    inSync: { level: levelNow(needed, connected, redis.nodes.length), term, change, members, needed },
    nodes: redis.nodes.map((node) => nodeView(node, best, reports)),
    sentinels: redis.sentinels.map((sentinel) => {
      const sight = best.sentinels.find(({ endpoint }) => endpoint === at(sentinel));
      return {
        name: sentinel.name,
        endpoint: at(sentinel),
        names: sight?.names ?? null,
        down: sight?.down ?? [],
      };
    }),
    wardens: wardenRows(redis, answers),
    waits: best.primary === null ? (reports.find(({ waits }) => waits !== null)?.waits ?? null) : null,
    pressed: reports.some(({ pressed }) => pressed),
  };
}

/** A row for each warden of the configuration. */
export function wardenRows(
  redis: Configuration['redis'],
  answers: ReadonlyMap<string, WardenAnswer>,
): readonly WardenRow[] {
  return redis.wardens.map(({ name, node, health }) => {
    const answer = answers.get(name);
    const detail =
      answer?.is === 'report'
        ? `linked to ${answer.report.wardens.join(', ') || 'no other warden'}`
        : (answer?.why ?? 'was not asked');
    return { name, node, endpoint: at(health), answers: answer?.is === 'report', detail };
  });
}

/** The report with the latest record; one that sees a primary goes before one that sees none. */
function newestOf(reports: readonly WardenReport[]): WardenReport | undefined {
  const [first, ...others] = reports;
  return others.reduce<WardenReport | undefined>(
    (best, other) => (best === undefined || isNewer(other, best) ? other : best),
    first,
  );
}

function isNewer(one: WardenReport, other: WardenReport): boolean {
  if ((one.primary === null) !== (other.primary === null)) return one.primary !== null;
  if (one.inSync.term !== other.inSync.term) return one.inSync.term > other.inSync.term;
  return one.inSync.change > other.inSync.change;
}

function nodeView(
  node: Configuration['redis']['nodes'][number],
  best: WardenReport,
  reports: readonly WardenReport[],
): RedisNodeView {
  const endpoint = at(node);
  const seenBy = (report: WardenReport) => report.nodes.find((one) => one.endpoint === endpoint);
  const own = reports.find((report) => report.node.endpoint === endpoint);
  // One that the best view cannot reach may answer its own warden.
  const silent = (one: ReturnType<typeof seenBy>): boolean => one === undefined || one.role === 'silent';
  const seen = [best, ...reports].map(seenBy).find((one) => !silent(one)) ?? seenBy(best);
  const lag = best.replicas.find((one) => one.endpoint === endpoint);
  return {
    name: node.name,
    endpoint,
    role: seen?.role ?? 'silent',
    of: seen?.of ?? null,
    link: seen?.link ?? null,
    offset: seen?.offset ?? null,
    lagBytes: lag?.lagBytes ?? null,
    lagMs: lag?.lagMs ?? null,
    priority: own?.node.priority ?? null,
    inSync: best.inSync.needed.includes(endpoint),
    record: seen?.record ?? null,
  };
}
