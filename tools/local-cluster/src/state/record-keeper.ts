/** Keeps `cluster.json` true while the cluster runs: written at every change, before anything else happens. */
import { identify, type ProcessIdentity } from '../process-identity.ts';
import type { UnitView } from '../supervisor/supervisor.ts';
import { type ClusterRecord, type NodeRecord, writeRecord } from './cluster-record.ts';

export type RecordKeeper = {
  readonly begin: (supervisor: ProcessIdentity | undefined, nodes: readonly string[]) => void;
  readonly change: (view: UnitView) => void;
  readonly lastPrimary: () => string | null;
  readonly primaryIs: (node: string) => void;
  /** All nodes have stopped. */
  readonly end: () => void;
};

/** Starts from the record that was read. Throws when the file cannot be written. */
export function createRecordKeeper(file: string, read: ClusterRecord): RecordKeeper {
  let record = read;
  const write = (change: Partial<ClusterRecord>): void => {
    record = { ...record, ...change };
    writeRecord(file, record);
  };
  const waiting: NodeRecord = { process: null, state: 'waiting', restarts: 0, detail: '' };
  return {
    begin: (supervisor, nodes) =>
      write({
        supervisor: supervisor ?? null,
        nodes: Object.fromEntries(nodes.map((name) => [name, waiting])),
      }),
    change: ({ name, state, pid, restarts, detail }) => {
      const known = record.nodes[name]?.process;
      const identity = known?.pid === pid ? known : pid === undefined ? undefined : identify(pid);
      const node: NodeRecord = { process: identity ?? null, state, restarts, detail };
      write({ nodes: { ...record.nodes, [name]: node } });
    },
    lastPrimary: () => record.lastPrimary,
    primaryIs: (node) => {
      if (record.lastPrimary !== node) write({ lastPrimary: node });
    },
    end: () => write({ supervisor: null }),
  };
}
