/** What we hold of each account against what its terminal lists: the newest report, and its rows that are not the same. */
import { cell, grouped, mono, number, short, table, tag, time } from './cells.js';

const REPORTS = [
  { name: 'Account' },
  { name: 'Terminal', minor: true },
  { name: 'Compared' },
  { name: 'Matched', kind: 'number' },
  { name: 'Ours, missing', kind: 'number' },
  { name: 'Differing', kind: 'number' },
  { name: 'Not ours', kind: 'number' },
  { name: 'Unknown', kind: 'number' },
];

const DIFFERENCES = [
  { name: 'Account' },
  { name: 'What' },
  { name: 'Ticket' },
  { name: 'Finding' },
  { name: 'Detail' },
];

const FINDINGS = {
  ours_missing: ['ours, missing at the broker', 'warn'],
  differing: ['differing', 'warn'],
  broker_extra: ['not ours', 'wait'],
};

/** Shows the reports of these accounts; `none` stands where no account has one. */
export function showReconciliation(accounts, none) {
  const compared = accounts.filter(({ reconciliation }) => reconciliation !== null);
  table('reconciliation', REPORTS, compared.map(reportRow), none);
  const rows = compared.flatMap(({ account, reconciliation }) =>
    reconciliation.rows.map((row) => differenceRow(account, row)),
  );
  table('differences', DIFFERENCES, rows, 'None.');
}

function reportRow({ account, reconciliation }) {
  const { terminal, at, matched, oursMissing, differing, brokerExtra, unknown } = reconciliation;
  return [
    cell(account),
    cell(terminal),
    short(time(at)),
    number(grouped.format(matched)),
    count(oursMissing, 'warn'),
    count(differing, 'warn'),
    count(brokerExtra, 'wait'),
    unknown.length === 0 ? number('0') : number(oldest(unknown), { tone: 'bad' }),
  ];
}

const count = (value, tone) => number(grouped.format(value), value > 0 ? { tone } : {});

function oldest(unknown) {
  const seconds = Math.round(Math.max(...unknown.map(({ ageMs }) => ageMs)) / 1000);
  return `${grouped.format(unknown.length)}, up to ${grouped.format(seconds)} s`;
}

function differenceRow(account, { what, ticket, finding, detail }) {
  const [words, tone] = FINDINGS[finding] ?? [finding, 'wait'];
  return [cell(account), cell(what), mono(ticket), tag(words, tone), cell(detail)];
}
