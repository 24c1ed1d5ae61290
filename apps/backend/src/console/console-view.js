/** Draws a status: tiles, tables, problems. Only what has changed is touched, so that a selection stays. */
import { byId, cell, grouped, milliseconds, mono, number, set, short, table, tag, time } from './cells.js';
import { showReconciliation } from './reconciliation-view.js';
import { showRedis } from './redis-view.js';

const OUTCOME_TONES = {
  filled: 'good',
  placed: 'good',
  done: 'good',
  partly_filled: 'warn',
  rejected: 'bad',
  expired: 'warn',
  cancelled: 'wait',
  resolved: 'wait',
};
const CONNECTION_TONES = { up: 'good', down: 'bad', suspended: 'bad', restoring: 'warn', 'taking over': 'warn' };

const LEVEL_TONES = { degraded: 'warn', none: 'bad' };

/** Shows one status, whole. */
export function show(status) {
  set(byId('cluster'), `${status.cluster} · profile ${status.profile}`);
  set(byId('backend'), `from ${status.backend},`);
  set(byId('at'), time(status.at));
  problems(status);
  tiles(status);
  table('accounts', ACCOUNTS, status.accounts.map(accountRow), 'No account is configured.');
  showRedis(status.redis);
  const mute = status.redis.level === 'none';
  const rows = status.nodes.map((node) => nodeRow(node, mute));
  table('nodes', NODES, rows, 'No process has announced itself.');
  table('results', RESULTS, resultsOf(status).map(resultRow), none(status, 'No signal has ended yet.'));
  table('leaders', LEADERS, leaderRows(status), none(status, 'None is known.'));
  showReconciliation(status.accounts, none(status, 'No terminal was compared yet.'));
  table('held', HELD, heldRows(status), none(status, 'None.'));
}

/** What stands in an empty table: nothing there is another thing than nothing known. */
const none = (status, text) => (status.accounts.some(unread) ? 'Cannot be read now.' : text);
const unread = (account) => account.unavailable !== undefined;

function problems(status) {
  const box = byId('problems');
  box.hidden = !status.degraded;
  const nothing = status.redis.level === 'none';
  box.dataset.tone = nothing ? 'bad' : 'warn';
  set(byId('problems-title'), nothing ? 'Nothing is accepted' : 'Degraded');
  const list = byId('problems-list');
  const lines = status.degradedBecause;
  while (list.children.length > lines.length) list.lastElementChild.remove();
  lines.forEach((line, index) => {
    const item = list.children[index] ?? list.appendChild(document.createElement('li'));
    set(item, line);
  });
}

function tiles(status) {
  const { accounts, redis, acceptance } = status;
  const sum = (field) => accounts.reduce((total, account) => total + account[field], 0);
  const led = accounts.filter((account) => account.active !== null).length;
  const replicas = Math.max(redis.nodes.length - 1, redis.replicas.length);
  const totals = resultsOf(status).map((result) => result.at - result.acceptedAt);
  const unknown = sum('unknown');
  const known = !accounts.some(unread);
  const rows = [
    ['Accounts led', known ? `${led} of ${accounts.length}` : '–', known && led < accounts.length ? 'bad' : undefined],
    ['Pending', known ? grouped.format(sum('pending')) : '–', undefined],
    ['Unknown', known ? grouped.format(unknown) : '–', unknown > 0 ? 'bad' : undefined],
    ['Replicas in sync', `${redis.inSync.length} of ${replicas}`, LEVEL_TONES[redis.level]],
    ['Accepted, p50 / p99', pair(acceptance.p50Ms, acceptance.p99Ms), undefined],
    ['Journey, p50', milliseconds(median(totals)), undefined],
    ['Redis memory', `${redis.usedMemoryPercent} %`, redis.usedMemoryPercent >= 70 ? 'bad' : undefined],
  ];
  const list = byId('tiles');
  rows.forEach(([name, value, tone], index) => {
    let tile = list.children[index];
    if (tile === undefined) {
      tile = list.appendChild(document.createElement('div'));
      tile.append(document.createElement('dt'), document.createElement('dd'));
    }
    set(tile.children[0], name);
    set(tile.children[1], value);
    if (tone === undefined) delete tile.dataset.tone;
    else tile.dataset.tone = tone;
  });
}

const oneDigit = (ms) => (ms === null ? '–' : ms < 100 ? ms.toFixed(1) : ms.toFixed(0));
const pair = (p50Ms, p99Ms) => p50Ms === null ? '–' : `${oneDigit(p50Ms)} / ${oneDigit(p99Ms)} ms`;

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

const ACCOUNTS = [
  { name: 'Account' },
  { name: 'Active engine' },
  { name: 'Epoch', kind: 'number' },
  { name: 'Connection' },
  { name: 'Terminal', minor: true },
  { name: 'Pending', kind: 'number' },
  { name: 'Unknown', kind: 'number' },
  { name: 'Last result' },
];

function accountRow(account) {
  if (unread(account)) return [cell(account.account), tag('not known', 'wait'), ...Array.from({ length: 6 }, () => cell('–'))];
  const last = account.lastResult;
  return [
    cell(account.account),
    account.active === null ? tag('nobody', 'bad') : cell(account.active),
    number(account.epoch),
    account.pause === null
      ? tag(account.connection, CONNECTION_TONES[account.connection] ?? 'wait')
      : tag(`paused by ${account.pause.by}`, 'warn'),
    cell(account.terminal),
    number(grouped.format(account.pending)),
    number(grouped.format(account.unknown), account.unknown > 0 ? { tone: 'bad' } : {}),
    cell(last === null ? '–' : `${last.outcome} ${last.symbol}, ${time(last.at)}`),
  ];
}

const NODES = [
  { name: 'Name' },
  { name: 'Kind', minor: true },
  { name: 'Role' },
  { name: 'Address' },
  { name: 'Process', kind: 'number', minor: true },
  { name: 'State' },
];

function nodeRow(node, mute) {
  const since = node.at > 0 ? `since ${time(node.at)}` : '';
  return [
    cell(node.name),
    cell(node.kind),
    cell(node.role),
    mono(node.endpoint),
    number(node.pid > 0 ? node.pid : '–'),
    node.healthy
      ? tag('there', 'good')
      : mute
        ? tag(`not known ${since}`, 'wait')
        : tag(since === '' ? 'not seen' : `silent ${since}`, 'bad'),
  ];
}

const RESULTS = [
  { name: 'Time' },
  { name: 'Account' },
  { name: 'No.', kind: 'number', minor: true },
  { name: 'Signal' },
  { name: 'What' },
  { name: 'Outcome' },
  { name: 'Reason' },
  { name: 'Until sent', kind: 'number', minor: true },
  { name: 'At the broker', kind: 'number', minor: true },
  { name: 'In all', kind: 'number' },
];

function resultsOf(status) {
  const all = status.accounts.flatMap((account) =>
    account.results.map((result) => ({ ...result, account: account.account })),
  );
  return all.sort((a, b) => b.at - a.at).slice(0, 20);
}

function resultRow(result) {
  const sent = (result.steps ?? []).find((step) => step.state === 'sent')?.at;
  const what = [result.action, result.side, result.volume, result.symbol].filter((part) => part !== undefined);
  return [
    short(time(result.at)),
    cell(result.account),
    number(result.number),
    mono(result.signalId),
    cell(what.join(' ')),
    tag(result.outcome.replace('_', ' '), OUTCOME_TONES[result.outcome] ?? 'wait'),
    cell(result.reason),
    number(milliseconds(sent === undefined ? undefined : sent - result.acceptedAt)),
    number(milliseconds(sent === undefined ? undefined : result.at - sent)),
    number(milliseconds(result.at - result.acceptedAt)),
  ];
}

const LEADERS = [
  { name: 'Time' },
  { name: 'Account' },
  { name: 'From' },
  { name: 'To' },
  { name: 'Epoch', kind: 'number', minor: true },
  { name: 'Cause' },
  { name: 'Nobody led for', kind: 'number' },
];

function leaderRows(status) {
  const all = status.accounts.flatMap((account) =>
    account.leaders.map((change) => ({ ...change, account: account.account })),
  );
  return all
    .sort((a, b) => b.at - a.at)
    .slice(0, 20)
    .map(({ at, account, from, to, epoch, cause, why, goneMs }) => [
      short(time(at)),
      cell(account),
      cell(from),
      cell(to),
      number(epoch),
      cell([cause, why].filter((word) => word !== null).join(': ').replaceAll('_', ' ')),
      number(milliseconds(goneMs)),
    ]);
}

const HELD = [
  { name: 'Last' },
  { name: 'Account' },
  { name: 'Signal of the first' },
  { name: 'First', minor: true },
  { name: 'Held back', kind: 'number' },
];

function heldRows(status) {
  return status.accounts.flatMap((account) =>
    account.heldBack.map((alert) => [
      short(time(alert.lastAt)),
      cell(account.account),
      mono(alert.signalId),
      short(time(alert.firstAt)),
      number(`${grouped.format(alert.times)} ×`),
    ]),
  );
}
