/**
 * `holdfast redis recover`: no node is primary and the wardens wait, because data that they cannot read may be newer. A
 * person may give that up. This shows what each node has and what may be lost, and acts only with `--accept-loss`.
 */
import type { LoadedConfiguration } from '@holdfast/configuration';
import { decideColdStart, type Host, newestOf, type NodeData, sleep } from '@holdfast/ha-core';
import { endpointName } from '@holdfast/redis';
import { CommandFailed } from '../failures.ts';
import { table } from '../status/table.ts';
import { askWarden, wardenOf } from './ask-warden.ts';
import { type RedisTopology, readTopology } from './read-topology.ts';
import { setText } from './switch-over.ts';

const RECOVER_LIMIT_MS = 10_000;
const THERE_WITHIN_MS = 20_000;
const POLL_MS = 100;

/** Shows what there is; makes the newest node primary when the loss is accepted. Throws `CommandFailed` when nothing was done. */
export async function recoverRedis(
  host: Host,
  configuration: LoadedConfiguration,
  acceptLoss: boolean,
  tell: (line: string) => void,
): Promise<void> {
  const { nodes } = configuration.values.redis;
  const nameOf = (endpoint: string | null): string =>
    nodes.find((node) => endpointName(node) === endpoint)?.name ?? String(endpoint);
  const topology = await readTopology(configuration);
  for (const line of dataLines(topology, nameOf)) tell(line);
  if (topology.primary !== null) {
    throw new CommandFailed(`${nameOf(topology.primary)} is the primary: there is nothing to recover`);
  }
  const there = dataThere(topology);
  if (there.length === 0) throw new CommandFailed('no node can be read: start at least one of them first');
  const newest = newestOf(there);
  tell('');
  for (const line of lossLines(topology, there, newest, nameOf)) tell(line);
  if (!acceptLoss) {
    throw new CommandFailed(
      `nothing was done. To make ${nameOf(newest.endpoint)} the primary all the same: holdfast redis recover --accept-loss`,
    );
  }
  const warden = wardenOf(configuration, newest.endpoint);
  const { status, detail } = await askWarden(configuration, warden, '/recover', RECOVER_LIMIT_MS);
  tell(`${warden.name}: ${named(detail, topology)}`);
  if (status !== 200 || !detail.includes('becomes primary')) throw new CommandFailed('nothing was done');
  const after = await untilPrimary(host, configuration);
  if (after === undefined) {
    throw new CommandFailed(
      `no primary within ${THERE_WITHIN_MS / 1000} s; holdfast status and the log of ${warden.name} say why`,
    );
  }
  tell(`${nameOf(after.primary)} is the primary, term ${after.inSync.term}`);
  tell(setText(after, nameOf));
}

/** Nodes whose data can be read. */
function dataThere({ nodes }: RedisTopology): readonly NodeData[] {
  return nodes.flatMap(({ endpoint, record }) => (record === null ? [] : [{ endpoint, record }]));
}

function dataLines(topology: RedisTopology, nameOf: (endpoint: string | null) => string): readonly string[] {
  const heading = ['node', 'answers', 'term', 'change', 'rounds', 'set', 'primary of its record'];
  const rows = topology.nodes.map(({ name, role, record }) => {
    const answers = role === 'silent' ? 'no' : `as ${role}`;
    if (record === null) return [name, answers];
    const { term, change, writes, members, primary } = record;
    const counts = [term, change, writes].map(String);
    return [
      name,
      answers,
      ...counts,
      members.map(nameOf).join(' ') || 'none',
      primary ? nameOf(primary) : '',
    ];
  });
  return table(heading, rows);
}

/** What the choice means: who becomes primary, and what may be lost on which nodes. */
function lossLines(
  topology: RedisTopology,
  there: readonly NodeData[],
  newest: NodeData,
  nameOf: (endpoint: string | null) => string,
): readonly string[] {
  const { record } = newest;
  const all = topology.nodes.map(({ endpoint }) => endpoint);
  const missing = all.filter((endpoint) => !there.some((one) => one.endpoint === endpoint));
  const lines = [`${nameOf(newest.endpoint)} has the newest data of the nodes that can be read.`];
  if (topology.waits !== null) lines.push(`The wardens wait: ${named(topology.waits.why, topology)}.`);
  if (missing.length === 0) {
    const decision = decideColdStart(all, there, undefined);
    return [
      ...lines,
      decision.is === 'start'
        ? 'All nodes can be read, so nothing is lost; the wardens start it by themselves within seconds.'
        : 'All nodes can be read.',
    ];
  }
  lines.push('What may be lost:');
  for (const endpoint of missing) {
    const knows = endpoint === record.primary || record.members.includes(endpoint);
    const why = knows
      ? `it was ${endpoint === record.primary ? 'the primary' : 'in the set'} of that record`
      : 'that record does not name it, but a later one may';
    lines.push(
      `  what was acknowledged after term ${record.term}, change ${record.change}, round ${record.writes} and is only on ${nameOf(endpoint)}: ${why}`,
    );
  }
  lines.push('If a missing node can still be started with its data, do that instead: nothing is lost then.');
  return lines;
}

/** A warden's words with names for endpoints. */
function named(text: string, { nodes }: RedisTopology): string {
  return nodes.reduce((words, { endpoint, name }) => words.replaceAll(endpoint, name), text);
}

/** Before its claim a node that comes back with more would be preferred. */
function hasClaimed({ primary, nodes }: RedisTopology): boolean {
  const record = nodes.find(({ endpoint }) => endpoint === primary)?.record;
  return primary !== null && record?.primary === primary;
}

async function untilPrimary(
  host: Host,
  configuration: LoadedConfiguration,
): Promise<RedisTopology | undefined> {
  const endMs = host.monotonicMs() + THERE_WITHIN_MS;
  while (host.monotonicMs() < endMs) {
    const seen = await readTopology(configuration);
    if (hasClaimed(seen)) return seen;
    await sleep(host, POLL_MS);
  }
  return undefined;
}
