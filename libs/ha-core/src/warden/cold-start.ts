/**
 * Who becomes primary when no node is (all were off, or the only primary came back before anyone was promoted). All
 * nodes have started as replicas, so their records can be read and nobody writes.
 *
 * The newest data decides, not offsets: (term, change, writes) of the record. It is certain only when the node that the newest record
 * speaks for and all its members are there: every later acknowledgement would be on all of them. Otherwise somebody who
 * is missing may hold more, and only a person may say that it is to be given up.
 */
import { type InSyncRecord, isNewer } from '../in-sync-set/in-sync-set.ts';

export type NodeData = { readonly endpoint: string; readonly record: InSyncRecord };

export type ColdStart =
  | { readonly is: 'start'; readonly endpoint: string; readonly why: string }
  | { readonly is: 'wait'; readonly why: string; readonly missing: readonly string[] };

/**
 * The decision. `nodes` are the nodes of the configuration, `there` those whose data can be read; `named` whom most
 * Sentinels name, taken among equals. Where no node has a record, all must be there: a first start.
 */
export function decideColdStart(
  nodes: readonly string[],
  there: readonly NodeData[],
  named: string | undefined,
): ColdStart {
  const present = new Set(there.map(({ endpoint }) => endpoint));
  const [first, ...others] = there;
  if (first === undefined) return { is: 'wait', why: 'no node can be read', missing: nodes };
  const newest = others.reduce((best, other) => (isNewer(other.record, best.record) ? other : best), first);
  const { record } = newest;
  const holders = record.term === 0 ? nodes : [record.primary, ...record.members];
  const missing = holders.filter((holder) => !present.has(holder));
  const what = `term ${record.term}, change ${record.change}, ${record.writes} rounds`;
  if (missing.length > 0) {
    return {
      is: 'wait',
      why: `the newest data there (${what}) may not be the newest: without ${missing.join(', ')}`,
      missing,
    };
  }
  const equals = there.filter(({ record: other }) => !isNewer(record, other)).map(({ endpoint }) => endpoint);
  const endpoint = named !== undefined && equals.includes(named) ? named : (equals[0] ?? newest.endpoint);
  return {
    is: 'start',
    endpoint,
    why: `has the newest data (${what}) of ${there.length} of ${nodes.length} nodes`,
  };
}
