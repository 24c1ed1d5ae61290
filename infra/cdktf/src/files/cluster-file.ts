/** The holdfast.yaml that a container gets. It holds no secret: it names files. */
import type { Configuration } from '@holdfast/configuration';
import type { Environment } from '../environment/load.ts';
import type { Kind } from '../environment/processes.ts';

/** Those that keep the data, and that a new account or webhook does not concern. */
const KEEPERS: ReadonlySet<Kind> = new Set(['redis', 'sentinel', 'warden']);

/** The text for a process. Keepers get what they read and no more, so that another account does not restart Redis. */
export function clusterFile({ cluster, clusterText }: Environment, kind: Kind): string {
  return KEEPERS.has(kind) ? `${JSON.stringify(forKeepers(cluster), undefined, 1)}\n` : clusterText;
}

/** The schema wants an account: the first, with as little of it as may be. */
function forKeepers(cluster: Configuration): Configuration {
  const accounts = cluster.accounts.slice(0, 1).map((account) => ({
    ...account,
    terminals: account.terminals.filter(({ role }) => role === 'primary'),
    symbols: account.symbols.slice(0, 1),
  }));
  return { ...cluster, accounts, webhooks: [], simulator: undefined };
}
