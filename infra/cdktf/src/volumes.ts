/** The data of each process, as volumes on its host: made once by the stack base, which never removes them. */
import {
  CLICKHOUSE_DATA,
  DATA_FOLDER,
  GRAFANA_DATA,
  PROMETHEUS_DATA,
  REDIS_DATA,
  SNAPSHOTS_FOLDER,
} from './environment/container-places.ts';
import type { Kind, Process } from './environment/processes.ts';
import { volumeName } from './naming.ts';

export type Mounted = { readonly volume: string; readonly path: string };

/** Folder in the container → what tells its volume from the others of the process. */
type Folders = readonly { readonly path: string; readonly what?: string }[];

const FOLDERS: Readonly<Record<Kind, Folders>> = {
  redis: [{ path: REDIS_DATA }],
  // Sentinel writes into its own configuration who the primary is, and which votes it gave.
  sentinel: [{ path: REDIS_DATA }],
  warden: [],
  engine: [],
  backend: [],
  sync: [{ path: DATA_FOLDER }, { path: SNAPSHOTS_FOLDER, what: 'snapshots' }],
  clickhouse: [{ path: CLICKHOUSE_DATA }],
  // The ledger of the simulated broker and the journals of its terminals outlive their processes, as real ones do.
  broker: [{ path: DATA_FOLDER }],
  terminal: [{ path: DATA_FOLDER }],
  loadBalancer: [],
  prometheus: [{ path: PROMETHEUS_DATA }],
  grafana: [{ path: GRAFANA_DATA }],
};

/** The volumes of a process and where they are mounted. */
export function volumesOf(environment: string, process: Process): readonly Mounted[] {
  return FOLDERS[process.kind].map(({ path, what }) => ({
    volume: volumeName(environment, process.name, what),
    path,
  }));
}
