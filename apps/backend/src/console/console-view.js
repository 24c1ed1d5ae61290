/** Draws a status: tiles, tables, problems. Only what has changed is touched, so that a selection stays. */

const byId = (id) => document.getElementById(id);
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const grouped = new Intl.NumberFormat();

const time = (ms) => (typeof ms === 'number' && ms > 0 ? clock.format(ms) : '–');
const shown = (value) => (value === undefined || value === null || value === '' ? '–' : String(value));
const milliseconds = (ms) => (typeof ms === 'number' && Number.isFinite(ms) ? `${grouped.format(ms)} ms` : '–');

function bytes(count) {
  if (count < 1024) return `${count} B`;
  return count < 1024 * 1024 ? `${(count / 1024).toFixed(1)} KiB` : `${(count / 1048576).toFixed(1)} MiB`;
}

/** A cell: its text and how it looks; `tone` makes it a tag. */
const cell = (text, more = {}) => ({ text: shown(text), ...more });
const tag = (text, tone) => cell(text, { tone });
const number = (text, more = {}) => cell(text, { kind: 'number', ...more });
const mono = (text) => cell(text, { kind: 'mono' });
const short = (text) => cell(text, { kind: 'short' });

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

/** Shows one status, whole. */
export function show(status) {
  set(byId('cluster'), `${status.cluster} · profile ${status.profile}`);
  set(byId('backend'), `from ${status.backend},`);
  set(byId('at'), time(status.at));
  problems(status);
  tiles(status);
  table('accounts', ACCOUNTS, status.accounts.map(accountRow), 'No account is configured.');
  table('redis', REDIS, redisRows(status.redis), 'No Redis node answers.');
  table('nodes', NODES, status.nodes.map(nodeRow), 'No process has announced itself.');
  table('results', RESULTS, resultsOf(status).map(resultRow), 'No signal has ended yet.');
  table('held', HELD, heldRows(status), 'None.');
}

function problems(status) {
  const box = byId('problems');
  box.hidden = !status.degraded;
  box.dataset.tone = status.redis.primary === null ? 'bad' : 'warn';
  set(byId('problems-title'), status.redis.primary === null ? 'Degraded: nothing is accepted' : 'Degraded');
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
  const replicas = redis.replicas.length;
  const totals = resultsOf(status).map((result) => result.at - result.acceptedAt);
  const unknown = sum('unknown');
  const rows = [
    ['Accounts led', `${led} of ${accounts.length}`, led < accounts.length ? 'bad' : undefined],
    ['Pending', grouped.format(sum('pending')), undefined],
    ['Unknown', grouped.format(unknown), unknown > 0 ? 'bad' : undefined],
    ['Replicas in sync', `${redis.inSync.length} of ${replicas}`, redis.inSync.length < replicas ? 'warn' : undefined],
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
const pair = (p50Ms, p99Ms) => `${oneDigit(p50Ms)} / ${oneDigit(p99Ms)} ms`;

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
  const last = account.lastResult;
  return [
    cell(account.account),
    account.active === null ? tag('nobody', 'bad') : cell(account.active),
    number(account.epoch),
    tag(account.connection, CONNECTION_TONES[account.connection] ?? 'wait'),
    cell(account.terminal),
    number(grouped.format(account.pending)),
    number(grouped.format(account.unknown), account.unknown > 0 ? { tone: 'bad' } : {}),
    cell(last === null ? '–' : `${last.outcome} ${last.symbol}, ${time(last.at)}`),
  ];
}

const REDIS = [{ name: 'Node' }, { name: 'Role' }, { name: 'In sync' }, { name: 'Behind', kind: 'number' }];

function redisRows(redis) {
  const primary = redis.primary === null ? [] : [[mono(redis.primary), tag('primary', 'good'), cell('–'), number('–')]];
  return primary.concat(
    redis.replicas.map((replica) => [
      mono(replica.endpoint),
      replica.online ? cell('replica') : tag('replica, not online', 'bad'),
      redis.inSync.includes(replica.endpoint) ? tag('yes', 'good') : tag('no', 'warn'),
      number(bytes(replica.lagBytes)),
    ]),
  );
}

const NODES = [
  { name: 'Name' },
  { name: 'Kind', minor: true },
  { name: 'Role' },
  { name: 'Address' },
  { name: 'Process', kind: 'number', minor: true },
  { name: 'State' },
];

function nodeRow(node) {
  return [
    cell(node.name),
    cell(node.kind),
    cell(node.role),
    mono(node.endpoint),
    number(node.pid > 0 ? node.pid : '–'),
    node.healthy ? tag('there', 'good') : tag(node.at > 0 ? `silent since ${time(node.at)}` : 'not seen', 'bad'),
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

/** Fills a table; its rows and cells are used again. The roles stay when the narrow layout changes their display. */
function table(id, columns, rows, none) {
  const element = byId(id);
  if (element.tHead === null) head(element, columns);
  const body = element.tBodies[0];
  const filled = rows.length === 0 ? [[{ text: none, kind: 'empty', span: columns.length }]] : rows;
  while (body.rows.length > filled.length) body.deleteRow(-1);
  filled.forEach((cells, index) => {
    const row = body.rows[index] ?? body.insertRow();
    row.setAttribute('role', 'row');
    while (row.cells.length > cells.length) row.deleteCell(-1);
    cells.forEach((value, at) => fill(row.cells[at] ?? row.insertCell(), value, columns[at]));
  });
}

function head(element, columns) {
  element.setAttribute('role', 'table');
  element.setAttribute('aria-labelledby', `${element.id}-title`);
  const row = element.createTHead().insertRow();
  row.setAttribute('role', 'row');
  for (const column of columns) {
    const header = document.createElement('th');
    header.scope = 'col';
    header.setAttribute('role', 'columnheader');
    header.textContent = column.name;
    header.className = classOf(column, column);
    row.append(header);
  }
  element.createTBody().setAttribute('role', 'rowgroup');
}

/** `minor` columns are left out where there is no room. */
const classOf = (value, column) => `${value.kind ?? ''}${column.minor && !value.span ? ' minor' : ''}`.trim();

function fill(element, value, column) {
  element.setAttribute('role', 'cell');
  element.dataset.column = column.name;
  element.className = classOf(value, column);
  if (value.span === undefined) element.removeAttribute('colspan');
  else element.colSpan = value.span;
  let inner = element.firstElementChild;
  if (inner === null) inner = element.appendChild(document.createElement('span'));
  inner.className = value.tone === undefined ? '' : 'tag';
  if (value.tone === undefined) delete inner.dataset.tone;
  else inner.dataset.tone = value.tone;
  set(inner, value.text);
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
