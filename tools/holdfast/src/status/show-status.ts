/** The status as text for a terminal. */
import type { AccountStatus, ClusterStatus, NodeStatus } from './cluster-status.ts';
import { cut, type Paint, painter } from './paint.ts';
import { showRedis } from './show-redis.ts';
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
    ['account', 'active', 'epoch', 'connection', 'pending', 'unknown', 'last result'],
    status.accounts.map((account) => accountRow(account)),
  );
  const lines = [
    `cluster ${status.cluster}, profile ${status.profile}: ${state}`,
    '',
    ...nodes.map((line, index) => colourOfNode(line, status.nodes[index - 1], paint)),
    '',
    ...showRedis(status.redis, paint),
    '',
    ...accounts.map((line, index) => (index === 0 ? paint('bold', line) : line)),
  ];
  return lines.map((line) => cut(line, options.columns));
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
    row.connection,
    count(row.pending),
    count(row.unknown),
    resultText(row.lastResult),
  ];
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
