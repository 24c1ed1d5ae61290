/**
 * The Redis topology for the command line: as the wardens tell it; while none answers, as the nodes and Sentinels do. The
 * Sentinels' quorum is asked of them in any case, because only they can say.
 */
import { type LoadedConfiguration, redisAccess } from '@holdfast/configuration';
import { levelNow, neededBy, NO_RECORD, primaryRank } from '@holdfast/ha-core';
import { createRedisNodes, endpointName, type StoredFailover } from '@holdfast/redis';
import {
  type RedisNodeView,
  type RedisTopology as Topology,
  topologyOf,
  type WardenAnswer,
  wardenReportSchema,
  wardenRows,
} from '@holdfast/topology';
import { askHttp } from '../status/http-json.ts';
import { askAll, type NodeEvidence, type SentinelEvidence } from './node-evidence.ts';

export type SentinelView = Topology['sentinels'][number] & {
  /** Whether it could have a failover agreed on now, and what it said. */
  readonly quorum: { readonly reached: boolean; readonly said: string } | null;
};

export type RedisTopology = Omit<Topology, 'sentinels'> & {
  readonly sentinels: readonly SentinelView[];
  readonly failovers: readonly StoredFailover[];
};

export type TopologyReading = {
  readonly topology: RedisTopology;
  readonly wardens: ReadonlyMap<string, WardenAnswer>;
  readonly nodes: readonly NodeEvidence[];
  readonly sentinels: readonly SentinelEvidence[];
};

const LIMIT_MS = 1500;

/** Asks everybody at once. Never rejects for what is down. */
export async function readTopology(configuration: LoadedConfiguration): Promise<RedisTopology> {
  return (await readEverything(configuration)).topology;
}

/** The topology with the answers that it was made from. */
export async function readEverything(configuration: LoadedConfiguration): Promise<TopologyReading> {
  const { values } = configuration;
  const redis = createRedisNodes(redisAccess(configuration, 'warden'));
  const [wardens, { nodes, sentinels }] = await Promise.all([
    askWardens(configuration),
    askAll(configuration, redis),
  ]);
  const told = topologyOf(values.redis, wardens) ?? fromNodes(configuration, wardens, nodes, sentinels);
  const lists = nodes.map(({ failovers }) => failovers);
  const topology: RedisTopology = {
    ...told,
    sentinels: told.sentinels.map((row) => {
      const own = sentinels.find(({ node }) => node.name === row.name);
      return { ...row, names: own?.names ?? row.names, quorum: own?.quorum ?? null };
    }),
    failovers: lists.reduce((longest, list) => (newestAt(list) > newestAt(longest) ? list : longest), []),
  };
  return { topology, wardens, nodes, sentinels };
}

const newestAt = (list: readonly StoredFailover[]): number => list[0]?.at ?? 0;

/** Each warden's report, or why there is none, by its name. Never rejects. */
export async function askWardens({
  values,
}: LoadedConfiguration): Promise<ReadonlyMap<string, WardenAnswer>> {
  const answers = await Promise.all(
    values.redis.wardens.map(async ({ name, health }): Promise<readonly [string, WardenAnswer]> => {
      const answer = await askHttp({ url: `http://${endpointName(health)}/status`, limitMs: LIMIT_MS });
      if (answer.is === 'silent') return [name, { is: 'silent', why: answer.why }];
      const report = wardenReportSchema.safeParse(answer.body);
      return report.success
        ? [name, { is: 'report', report: report.data }]
        : [name, { is: 'silent', why: `answered ${answer.status} with something else` }];
    }),
  );
  return new Map(answers);
}

/** Put together from what the nodes say of themselves. */
function fromNodes(
  { values }: LoadedConfiguration,
  wardens: ReadonlyMap<string, WardenAnswer>,
  nodes: readonly NodeEvidence[],
  sentinels: readonly SentinelEvidence[],
): Topology {
  const primary = presentPrimary(nodes);
  const endpoint = primary === undefined ? null : endpointName(primary.node);
  const record = primary?.record ?? NO_RECORD;
  const needed = endpoint === null ? [] : neededBy(record, endpoint);
  const listed = primary?.role?.is === 'primary' ? primary.role.replicas : [];
  const level = levelNow(
    needed,
    listed.map((one) => one.endpoint),
    nodes.length,
  );
  return {
    toldBy: null,
    primary: endpoint,
    inSync: { level, term: record.term, change: record.change, members: record.members, needed },
    nodes: nodes.map((one) => nodeView(one, primary, needed)),
    sentinels: sentinels.map(({ node, names, others }) => ({
      name: node.name,
      endpoint: endpointName(node),
      names: names ?? null,
      down: [...others].filter(([, flags]) => isDown(flags)).map(([name]) => name),
    })),
    wardens: wardenRows(values.redis, wardens),
    waits: null,
    pressed: false,
  };
}

/** Of several that call themselves primary the one of the highest rank. */
export function presentPrimary(nodes: readonly NodeEvidence[]): NodeEvidence | undefined {
  const rank = ({ record, node }: NodeEvidence): number =>
    primaryRank(record ?? NO_RECORD, endpointName(node));
  return nodes.filter(({ role }) => role?.is === 'primary').sort((a, b) => rank(b) - rank(a))[0];
}

function nodeView(
  { node, role, record, info }: NodeEvidence,
  primary: NodeEvidence | undefined,
  needed: readonly string[],
): RedisNodeView {
  const endpoint = endpointName(node);
  const on = primary?.role?.is === 'primary' ? primary.role : undefined;
  const listed = on?.replicas.find((one) => one.endpoint === endpoint);
  const priority = info.get('slave_priority');
  return {
    name: node.name,
    endpoint,
    role: role?.is ?? 'silent',
    of: role?.is === 'replica' ? role.of : null,
    link: role?.is === 'replica' ? role.link : null,
    offset: role === undefined || role.is === 'other' ? null : role.offset,
    lagBytes: on === undefined || listed === undefined ? null : Math.max(0, on.offset - listed.offset),
    lagMs: null,
    priority: priority === undefined ? null : Number(priority),
    inSync: needed.includes(endpoint),
    record: record === undefined ? null : { ...record, members: [...record.members] },
  };
}

const isDown = (flags: readonly string[]): boolean =>
  flags.some((flag) => flag === 's_down' || flag === 'disconnected');
