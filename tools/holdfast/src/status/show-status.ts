/** The status as text for a terminal. */
import { LEADERS_HEADING, leaderCells } from '../engine/leaders.ts';
import type { AccountStatus, ClusterStatus, NodeStatus } from './cluster-status.ts';
import { cut, type Paint, painter } from './paint.ts';
import { showRedis } from './show-redis.ts';
import type { Comparison } from './sources.ts';
import { table } from './table.ts';

export type ShowOptions = {
  /** Columns of the terminal; longer lines are cut. */
  readonly columns: number;
  readonly colours: boolean;
};

/** Lines without line breaks. */
export function showStatus(status: ClusterStatus, options: ShowOptions): readonly string[] {
  const paint = painter(options.colours);
  const state = status.degraded ? paint('yellow', 'degraded') : paint('green', 'all is well');
  const nodes = table(
    ['node', 'kind', 'role', 'pid', 'endpoint', 'state'],
    status.nodes.map((node) => nodeRow(node)),
  );
  const accounts = table(
    ['account', 'active', 'epoch', 'connection', 'pending', 'unknown', 'compared', 'last result'],
    status.accounts.map((account) => accountRow(account)),
  );
  const lines = [
    `cluster ${status.cluster}, profile ${status.profile}: ${state}`,
    ...status.degradedBecause.map((why) => `  ${why}`),
    '',
    ...nodes.map((line, index) => colourOfNode(line, status.nodes[index - 1], paint)),
    '',
    ...showRedis(status.redis, paint),
    '',
    ...accounts.map((line, index) => (index === 0 ? paint('bold', line) : line)),
    ...pauseLines(status),
    ...leaderLines(status, paint),
  ];
  return lines.map((line) => cut(line, options.columns));
}

/** Why accounts are held still. */
function pauseLines({ accounts }: ClusterStatus): string[] {
  return accounts.flatMap(({ account, pause }) =>
    pause === null
      ? []
      : [`${account} is paused by ${pause.by} since ${new Date(pause.at).toISOString()}: ${pause.reason}`],
  );
}

const LEADERS_SHOWN = 3;

function leaderLines({ accounts }: ClusterStatus, paint: Paint): string[] {
  const rows = accounts
    .flatMap(({ account, leaders }) => leaders.map((row) => ({ account, row })))
    .sort((a, b) => b.row.at - a.row.at)
    .slice(0, LEADERS_SHOWN)
    .map(({ account, row }) => leaderCells(account, row));
  if (rows.length === 0) return [];
  const [heading = '', ...lines] = table(['last changes of leader', ...LEADERS_HEADING.slice(1)], rows);
  return ['', paint('bold', heading), ...lines];
}

function nodeRow({ name, kind, role, pid, endpoint, healthy, detail }: NodeStatus): string[] {
  const state = healthy ? 'ok' : 'down';
  const cells = [name, kind, role ?? '', pid === null ? '' : String(pid), endpoint ?? ''];
  return [...cells, detail === '' ? state : `${state}: ${detail}`];
}

function accountRow(row: AccountStatus): string[] {
  const count = (value: number | null): string => (value === null ? '?' : String(value));
  return [
    row.account,
    row.active ?? 'nobody',
    row.epoch,
    row.pause === null ? row.connection : `${row.connection}, PAUSED`,
    count(row.pending),
    count(row.unknown),
    comparisonText(row.reconciliation),
    resultText(row.lastResult),
  ];
}

/** How what we hold and what the terminal lists compared. */
function comparisonText(compared: Comparison | null): string {
  if (compared === null) return '';
  const { matched, oursMissing, brokerExtra, differing } = compared;
  const found = [
    [oursMissing, 'missing'],
    [differing, 'differing'],
    [brokerExtra, 'not ours'],
  ] as const;
  return [
    `${matched} agree`,
    ...found.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`])),
  ].join(', ');
}

function resultText(result: unknown): string {
  if (typeof result !== 'object' || result === null) return '';
  const { number, signalId, outcome, reason } = result as Record<string, unknown>;
  return `${String(number)}: ${String(signalId)} ${String(outcome)} (${String(reason)})`;
}

function colourOfNode(line: string, node: NodeStatus | undefined, paint: Paint): string {
  if (node === undefined) return paint('bold', line);
  return node.healthy ? line : paint('red', line);
}
