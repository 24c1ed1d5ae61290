/** Redis as people see it in `holdfast status`: the set, each node, the Sentinels, the last failovers. */
import type { RedisTopology } from '../redis/read-topology.ts';
import type { Paint } from './paint.ts';
import { table } from './table.ts';

const FAILOVERS_SHOWN = 3;
const WAITED_FOR = 'a primary that is silent is waited for longer, one that is gone is not';

/** Lines without line breaks. */
export function showRedis(topology: RedisTopology, paint: Paint): readonly string[] {
  const { nodes, sentinels, failovers } = topology;
  const nameOf = namer(topology);
  const nodeLines = table(
    ['redis', 'role', 'set', 'priority', 'offset', 'behind', 'link'],
    nodes.map((node) => [
      node.name,
      node.role === 'silent' ? 'no answer' : node.role,
      node.inSync ? 'in sync' : node.role === 'primary' ? '' : 'not in it',
      node.priority === null ? '?' : String(node.priority),
      node.offset === null ? '' : String(node.offset),
      behind(node),
      node.of === null ? '' : `${node.link} to ${nameOf(node.of)}`,
    ]),
  );
  const sentinelLines = table(
    ['sentinel', 'names', 'quorum', 'sees down'],
    sentinels.map(({ name, names, quorum, down }) => [
      name,
      names === null ? 'no answer' : nameOf(names),
      quorum === null ? '?' : quorum.reached ? 'reached' : 'NOT reached',
      down.map(nameOf).join(', '),
    ]),
  );
  return [
    setLine(topology, paint),
    ...(topology.pressed ? [`${paint('yellow', 'processors are short')}: ${WAITED_FOR}`] : []),
    ...nodeLines.map((line, index) => (index === 0 ? paint('bold', line) : line)),
    ...(sentinels.length === 0 ? [] : ['', ...headed(sentinelLines, paint)]),
    ...(failovers.length === 0 ? [] : ['', ...headed(failoverLines(topology), paint)]),
  ];
}

const headed = ([heading = '', ...rows]: readonly string[], paint: Paint): readonly string[] => [
  paint('bold', heading),
  ...rows,
];

/** The set in one line: the word says as much as the colour. */
function setLine(topology: RedisTopology, paint: Paint): string {
  const { inSync, waits, toldBy } = topology;
  const { level, term, change, needed } = inSync;
  const names = needed.map(namer(topology)).join(', ');
  const source = toldBy === null ? 'no warden answers; asked the nodes' : `told by ${toldBy}`;
  const where = `term ${term}, change ${change} (${source})`;
  if (topology.primary === null) {
    const why = waits === null ? '' : `: ${waits.why}`;
    return `in-sync set: ${paint('red', 'none')}, no node is primary${why} (${source})`;
  }
  switch (level) {
    case 'full':
      return `in-sync set: ${paint('green', 'full')} (${names}), ${where}`;
    case 'degraded':
      return `in-sync set: ${paint('yellow', 'DEGRADED')}, ${names} alone, ${where}`;
    case 'none':
      return `in-sync set: ${paint('red', 'none')}, nothing is acknowledged${names === '' ? '' : ` while one of ${names} is not connected`}, ${where}`;
  }
}

function behind({ lagBytes, lagMs, role }: RedisTopology['nodes'][number]): string {
  if (role !== 'replica') return '';
  if (lagBytes === null) return '?';
  return lagMs === null ? `${lagBytes} B` : `${lagBytes} B, ${lagMs} ms`;
}

function failoverLines(topology: RedisTopology): readonly string[] {
  const nameOf = namer(topology);
  return table(
    ['last failovers', 'from', 'to', 'term', 'took', 'cause', 'asked or seen by'],
    topology.failovers
      .slice(0, FAILOVERS_SHOWN)
      .map(({ at, from, to, term, tookMs, cause, by }) => [
        new Date(at).toISOString(),
        nameOf(from),
        nameOf(to),
        term === null ? '?' : String(term),
        tookMs === null ? '?' : `${tookMs} ms`,
        cause,
        by,
      ]),
  );
}

/** Names of Redis nodes and Sentinels for their endpoints. */
function namer({ nodes, sentinels }: RedisTopology): (endpoint: string) => string {
  const names = new Map([...nodes, ...sentinels].map(({ endpoint, name }) => [endpoint, name]));
  return (endpoint) => names.get(endpoint) ?? endpoint;
}
