/**
 * Who becomes primary when no node is (all were off, or the only primary came back before anyone was promoted). All
 * nodes have started as replicas, so their records can be read and nobody writes.
 *
 * The newest data decides, not offsets: (term, change, writes) of the record. What was acknowledged is on the primary of its time
 * and on at least one more node, so one node that is missing, or that came back empty, cannot be the only one that
 * holds it. Two that are missing can, unless the newest record names neither of them: then only a person may give up
 * what they may hold.
 */
import { type InSyncRecord, isNewer, isPassedOver } from '../in-sync-set/in-sync-set.ts';

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
  const written = there.filter(({ record }) => record.term > 0);
  if (written.length === 0) return firstStart(nodes, there, named);
  const newest = newestOf(written);
  const { record } = newest;
  const present = new Set(written.map(({ endpoint }) => endpoint));
  const absent = nodes.filter((node) => !present.has(node));
  const missing =
    absent.length > 1 ? [record.primary, ...record.members].filter((one) => absent.includes(one)) : [];
  const what = `term ${record.term}, change ${record.change}, ${record.writes} rounds`;
  if (missing.length > 0) {
    return {
      is: 'wait',
      why: `the newest data there (${what}) may not be the newest without ${missing.join(', ')}`,
      missing,
    };
  }
  const equals = written
    .filter(({ record: other }) => !isNewer(record, other))
    .map(({ endpoint }) => endpoint);
  // Nobody takes one that the set passes over for the primary, though it has as much.
  const [member] = equals.filter((one) => !isPassedOver(record, one));
  const endpoint =
    named !== undefined && equals.includes(named) && !isPassedOver(record, named)
      ? named
      : (member ?? newest.endpoint);
  return {
    is: 'start',
    endpoint,
    why: `has the newest data (${what}) of ${written.length} of ${nodes.length} nodes`,
  };
}

/** The node that a person starts from, whatever is missing: the newest that is there. */
export function newestOf(there: readonly NodeData[]): NodeData {
  const [first, ...others] = there;
  if (first === undefined) throw new Error('no data to choose from');
  return others.reduce((best, other) => (isNewer(other.record, best.record) ? other : best), first);
}

function firstStart(
  nodes: readonly string[],
  there: readonly NodeData[],
  named: string | undefined,
): ColdStart {
  const present = there.map(({ endpoint }) => endpoint);
  const missing = nodes.filter((node) => !present.includes(node));
  const [first] = nodes.filter((node) => present.includes(node));
  if (missing.length > 0 || first === undefined) {
    return {
      is: 'wait',
      why: `no data where it can be read, and it may be on ${missing.join(', ')}`,
      missing,
    };
  }
  const endpoint = named !== undefined && present.includes(named) ? named : first;
  return { is: 'start', endpoint, why: 'no node has data: the first start' };
}
