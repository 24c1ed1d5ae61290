/** What sync counts. `account_stopped` above 0 and `records_conflicts_total` are alarms. */
import type { Metrics } from '@holdfast/process';

/** Registers the metrics of sync. Throws when a name is taken. */
export function createSyncMetrics(metrics: Metrics) {
  return {
    stored: metrics.counter('holdfast_sync_records_stored_total', 'Records stored in DuckDB', ['account']),
    synced: metrics.gauge('holdfast_sync_synced_number', 'Last record number in DuckDB', ['account']),
    pushed: metrics.counter('holdfast_sync_records_confirmed_total', 'Records confirmed in ClickHouse', [
      'account',
    ]),
    failed: metrics.counter('holdfast_sync_batches_failed_total', 'Batches that ClickHouse did not confirm', [
      'account',
    ]),
    stopped: metrics.gauge('holdfast_sync_account_stopped', 'Alarm: 1 while the account is not synced', [
      'account',
    ]),
    snapshotAge: metrics.gauge(
      'holdfast_sync_snapshot_age_seconds',
      'Age of the newest snapshot of this process',
    ),
    snapshotsFailed: metrics.counter(
      'holdfast_sync_snapshots_failed_total',
      'Snapshots that could not be taken',
    ),
    restored: metrics.counter('holdfast_sync_restored_total', 'Starts that did not find a whole database', [
      'from',
    ]),
  };
}
