/** What the tables of the console are made of: how values are written, cells, and tables whose rows are used again. */

export const byId = (id) => document.getElementById(id);
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
export const grouped = new Intl.NumberFormat();

export const time = (ms) => (typeof ms === 'number' && ms > 0 ? clock.format(ms) : '–');
const shown = (value) => (value === undefined || value === null || value === '' ? '–' : String(value));
export const milliseconds = (ms) =>
  typeof ms === 'number' && Number.isFinite(ms) ? `${grouped.format(ms)} ms` : '–';

export function bytes(count) {
  if (typeof count !== 'number') return '–';
  if (count < 1024) return `${count} B`;
  return count < 1024 * 1024 ? `${(count / 1024).toFixed(1)} KiB` : `${(count / 1048576).toFixed(1)} MiB`;
}

/** A cell: its text and how it looks; `tone` makes it a tag. */
export const cell = (text, more = {}) => ({ text: shown(text), ...more });
export const tag = (text, tone) => cell(text, { tone });
export const number = (text, more = {}) => cell(text, { kind: 'number', ...more });
export const mono = (text) => cell(text, { kind: 'mono' });
export const short = (text) => cell(text, { kind: 'short' });

/** Fills a table; its rows and cells are used again. The roles stay when the narrow layout changes their display. */
export function table(id, columns, rows, none) {
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

export function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
