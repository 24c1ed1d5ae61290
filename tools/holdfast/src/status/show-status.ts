/** The status as text for a terminal. */
import type { AccountStatus, ClusterStatus, NodeStatus } from './cluster-status.ts';

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
    ...accounts,
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

/** Columns as wide as their widest cell; the first line is the heading. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

type Colour = 'green' | 'yellow' | 'red' | 'bold';
type Paint = (colour: Colour, text: string) => string;

const CODES: Readonly<Record<Colour, number>> = { green: 32, yellow: 33, red: 31, bold: 1 };
const ESCAPE = '\u001b';

function painter(colours: boolean): Paint {
  return (colour, text) => (colours ? `${ESCAPE}[${CODES[colour]}m${text}${ESCAPE}[0m` : text);
}

function colourOfNode(line: string, node: NodeStatus | undefined, paint: Paint): string {
  if (node === undefined) return paint('bold', line);
  return node.healthy ? line : paint('red', line);
}

/** Cuts what a terminal would wrap; escape sequences take no room. */
function cut(line: string, columns: number): string {
  const parts = line.split(new RegExp(`(${ESCAPE}\\[\\d+m)`));
  let left = columns;
  return parts
    .map((part) => {
      if (part.startsWith(ESCAPE)) return part;
      const kept = part.slice(0, Math.max(0, left));
      left -= kept.length;
      return kept;
    })
    .join('');
}
