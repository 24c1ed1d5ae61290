/** The dashboards: what a person looks at when something is wrong, most important first. The names are the processes' own. */
import { type Dashboard, line, number, type Panel, row } from './panels.ts';

const LEVELS = 'holdfast_in_sync_level';

const promises: readonly Panel[] = [
  row('What was promised'),
  number(
    'Acknowledged writes missing (an alarm)',
    'sum(holdfast_acknowledged_write_missing_total) or vector(0)',
    {
      redFrom: 1,
    },
  ),
  number('Processes that acknowledge nothing', `sum(${LEVELS}{level="none"})`, { redFrom: 1 }),
  number('Accounts that are not synced', 'sum(holdfast_sync_account_stopped)', { redFrom: 1 }),
  number('Processes that do not answer', 'count(up{job=~"holdfast-.*"} == 0) or vector(0)', { redFrom: 1 }),
];

const signals: readonly Panel[] = [
  row('Signals'),
  line(
    'Answers of backends',
    'sum by (outcome) (rate(holdfast_acceptances_total[1m]))',
    'reqps',
    '{{outcome}}',
  ),
  line('Time to the answer', quantiles('holdfast_acceptance_seconds_bucket'), 's', '{{quantile}}'),
  line('Writes that are being repeated', 'holdfast_acceptances_repeating', 'short', '{{process}}'),
  line('Results', 'sum by (outcome) (rate(holdfast_results_total[1m]))', 'reqps', '{{outcome}}'),
  line('Acceptance to result', quantiles('holdfast_journey_seconds_bucket'), 's', '{{quantile}}'),
  line(
    'One round of the acknowledged write',
    quantiles('holdfast_acknowledge_seconds_bucket'),
    's',
    '{{quantile}}',
  ),
  line(
    'Takeovers of engines',
    'sum by (account, cause) (holdfast_takeovers_total)',
    'short',
    '{{account}} {{cause}}',
  ),
  line('Accounts that a person holds still', 'max by (account) (holdfast_paused)', 'short', '{{account}}'),
  line('Unknown outcomes', 'max by (account) (holdfast_unknown_signals)', 'short', '{{account}}'),
  line(
    'Rows of ours that the broker has otherwise',
    'sum by (account, finding) (increase(holdfast_reconciliation_differences_total[10m]))',
    'short',
    '{{account}} {{finding}}',
  ),
  line(
    'Rows at the broker that are not ours',
    'max by (account) (holdfast_broker_extra)',
    'short',
    '{{account}}',
  ),
  line(
    'What people were told of',
    'sum by (account, what) (increase(holdfast_notices_total[10m]))',
    'short',
    '{{account}} {{what}}',
  ),
  line('Event streams', 'holdfast_event_streams', 'short', '{{process}}'),
];

const redis: readonly Panel[] = [
  row('Redis'),
  line('Replicas that an acknowledgement needs', 'holdfast_redis_in_sync', 'short', '{{process}}'),
  line('Nodes that may be promoted', 'sum(holdfast_redis_promotable)', 'short', 'promotable'),
  line('Level as the wardens see it', 'holdfast_redis_in_sync_level == 1', 'short', '{{process}} {{level}}'),
  line('Level as the writers see it', `${LEVELS} == 1`, 'short', '{{process}} {{level}}'),
  line('Term', 'max(holdfast_redis_term)', 'short', 'wardens'),
  line('Term as the writers see it', 'holdfast_term', 'short', '{{process}}'),
  line('Failovers', 'sum by (process) (holdfast_redis_failovers_total)', 'short', '{{process}}'),
  line('Short of processors', 'holdfast_redis_pressed', 'short', '{{process}}'),
  line('Time of failovers', quantiles('holdfast_redis_failover_seconds_bucket', '1h'), 's', '{{quantile}}'),
  line('Bytes that a replica has not confirmed', 'holdfast_redis_replica_lag_bytes', 'bytes', '{{replica}}'),
  line('Replicas that the writers need', 'holdfast_in_sync_needed', 'short', '{{process}}'),
];

const results: readonly Panel[] = [
  row('Results'),
  line('Last record in DuckDB', 'holdfast_sync_synced_number', 'short', '{{account}}'),
  line(
    'Records stored',
    'sum by (account) (rate(holdfast_sync_records_stored_total[1m]))',
    'short',
    '{{account}}',
  ),
  line(
    'Records confirmed in ClickHouse',
    'sum by (account) (rate(holdfast_sync_records_confirmed_total[1m]))',
    'short',
    '{{account}}',
  ),
  line(
    'Batches that ClickHouse did not confirm',
    'sum by (account) (increase(holdfast_sync_batches_failed_total[5m]))',
    'short',
    '{{account}}',
  ),
  line('Age of the newest snapshot', 'holdfast_sync_snapshot_age_seconds', 's', '{{process}}'),
  line(
    'Snapshots that failed, and databases restored',
    'sum(holdfast_sync_snapshots_failed_total) + (sum(holdfast_sync_restored_total) or vector(0))',
    'short',
    'count',
  ),
];

const processes: readonly Panel[] = [
  row('Processes'),
  line('Memory', 'process_resident_memory_bytes{job=~"holdfast-.*"}', 'bytes', '{{node}}'),
  line('Processor', 'rate(process_cpu_seconds_total{job=~"holdfast-.*"}[1m])', 'percentunit', '{{node}}'),
  line('Longest pause of the loop', 'nodejs_eventloop_lag_p99_seconds{job=~"holdfast-.*"}', 's', '{{node}}'),
  line(
    'Backends that get requests',
    'sum by (server) (haproxy_server_status{state="UP"})',
    'short',
    '{{server}}',
  ),
];

/** Half and one in a hundred, side by side. */
function quantiles(metric: string, over = '5m'): string {
  const one = (quantile: number): string =>
    `label_replace(histogram_quantile(${quantile}, sum by (le) (rate(${metric}[${over}]))), "quantile", "${quantile}", "", "")`;
  return `${one(0.5)} or ${one(0.99)}`;
}

export const DASHBOARDS: readonly Dashboard[] = [
  { name: 'overview', title: 'Holdfast: overview', panels: [...promises, ...signals, ...processes] },
  { name: 'redis', title: 'Holdfast: Redis and the in-sync set', panels: redis },
  { name: 'results', title: 'Holdfast: results in the stores', panels: results },
];
