/** Redis: its nodes and the in-sync set, Sentinels and wardens, and the last changes of primary. */
import { byId, bytes, cell, grouped, milliseconds, mono, number, set, short, table, tag, time } from './cells.js';

const NODES = [
  { name: 'Node' },
  { name: 'Role' },
  { name: 'In sync' },
  { name: 'Priority', kind: 'number' },
  { name: 'Behind', kind: 'number' },
  { name: 'Late', kind: 'number' },
  { name: 'Offset', kind: 'number', minor: true },
  { name: 'Address', minor: true },
];
const WATCHERS = [{ name: 'Name', kind: 'short' }, { name: 'State' }];
const FAILOVERS = [
  { name: 'Time' },
  { name: 'From' },
  { name: 'To' },
  { name: 'Term', kind: 'number', minor: true },
  { name: 'Cause' },
  { name: 'Seen first by' },
  { name: 'Took', kind: 'number' },
];

const LEVEL_TEXTS = {
  full: 'every replica has what is acknowledged',
  degraded: 'DEGRADED: one replica alone has what is acknowledged',
  none: 'nothing is acknowledged',
};

/** Draws the three tables and the line above them. */
export function showRedis(redis) {
  const names = new Map(redis.nodes.map(({ endpoint, name }) => [endpoint, name]));
  const named = (endpoint) => (endpoint === null ? undefined : (names.get(endpoint) ?? endpoint));
  const told = redis.toldBy === null ? 'no warden answers: as this backend sees it' : `told by ${redis.toldBy}`;
  set(byId('redis-set'), `Set ${redis.term}.${redis.change}: ${LEVEL_TEXTS[redis.level]}; ${told}.`);
  table('redis', NODES, redis.nodes.map((node) => nodeRow(node, named)), 'No Redis node is configured.');
  table('watchers', WATCHERS, [
    ...quorumRows(redis),
    ...redis.sentinels.map((sentinel) => sentinelRow(sentinel, redis, named)),
    ...redis.wardens.map(wardenRow),
  ], 'No warden answers, so nothing is known of them.');
  table('failovers', FAILOVERS, redis.failovers.map((one) => failoverRow(one, named)), 'None is known.');
}

function nodeRow(node, named) {
  const isPrimary = node.role === 'primary';
  return [
    cell(node.name),
    role(node, named),
    isPrimary ? cell('–') : node.inSync ? tag('yes', 'good') : tag('no', 'warn'),
    number(node.priority),
    number(isPrimary ? '–' : bytes(node.lagBytes)),
    number(isPrimary ? '–' : milliseconds(node.lagMs)),
    number(node.offset === null ? '–' : grouped.format(node.offset)),
    mono(node.endpoint),
  ];
}

function role(node, named) {
  if (node.role === 'primary') return tag('primary', 'good');
  if (node.role !== 'replica') return tag(node.role, 'bad');
  const of = named(node.of);
  if (node.link === 'connected') return cell(of === undefined ? 'replica' : `replica of ${of}`);
  return tag(`replica, ${node.link ?? 'link not known'}`, 'bad');
}

function quorumRows({ quorum, sentinels }) {
  if (quorum === null) return [];
  const text = `${quorum.answering} of ${sentinels.length} Sentinels answer, ${quorum.needed} must`;
  return [[short('quorum'), tag(text, quorum.answering < quorum.needed ? 'bad' : 'good')]];
}

function sentinelRow({ name, names, down }, redis, named) {
  const others = down.length === 0 ? '' : `, sees ${down.length} of the others as down`;
  const right = names === redis.primary && down.length === 0;
  const state = names === null ? tag('does not answer', 'bad') : right ? tag(`names ${named(names)}`, 'good') : tag(`names ${named(names)}${others}`, 'warn');
  return [short(name), state];
}

function wardenRow({ name, answers, detail }) {
  return [short(name), answers ? tag(detail, 'good') : tag(detail || 'does not answer', 'bad')];
}

function failoverRow({ at, from, to, term, cause, by, asked, tookMs }, named) {
  return [
    short(time(at)),
    cell(named(from)),
    cell(named(to)),
    number(term),
    cell(cause),
    cell(asked ? by : `${by}, which did not ask for it`),
    number(milliseconds(tookMs)),
  ];
}
