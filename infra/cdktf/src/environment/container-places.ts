/** Places inside containers that the stacks, the images and an environment's holdfast.yaml agree on. */

/** A tmpfs: configuration files are written there at each start. */
export const CONFIGURATION_FOLDER = '/etc/holdfast';
export const CONFIGURATION_FILE = `${CONFIGURATION_FOLDER}/holdfast.yaml`;
/** The host's folder of secret files, mounted read-only. */
export const SECRETS_FOLDER = '/run/secrets/holdfast';
/** Data of a Redis node or a Sentinel. */
export const REDIS_DATA = '/data';
/** Data of sync, and of the simulated broker and its terminals. */
export const DATA_FOLDER = '/var/lib/holdfast';
/** Snapshots of DuckDB. */
export const SNAPSHOTS_FOLDER = '/var/lib/duckdb/backups';
export const CLICKHOUSE_DATA = '/var/lib/clickhouse';
export const PROMETHEUS_DATA = '/prometheus';
export const GRAFANA_DATA = '/var/lib/grafana';
