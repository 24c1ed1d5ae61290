/**
 * When somebody should look. Each rule says what it means and what to do; the names of metrics are those that the processes
 * register. Counters with a label begin at the first event, where `increase` sees no growth: such alarms compare with 0, and
 * stand until the process is started again.
 */
import type { Profile } from '@holdfast/ha-core';

type Severity = 'critical' | 'warning' | 'info';
type Rule = {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: Severity };
  readonly annotations: { readonly summary: string; readonly do: string };
};

/** The rule groups, as Prometheus reads them. */
export function alertRules(numbers: Profile) {
  const group = (name: string, rules: readonly Rule[]) => ({ name: `holdfast ${name}`, rules });
  return {
    groups: [
      group('promises', promises()),
      group('accounts', accounts()),
      group('redis', redis()),
      group('results', results(numbers)),
      group('processes', processes()),
    ],
  };
}

function rule(
  severity: Severity,
  alert: string,
  expr: string,
  summary: string,
  what: string,
  waitFor?: string,
): Rule {
  return {
    alert,
    expr,
    ...(waitFor === undefined ? {} : { for: waitFor }),
    labels: { severity },
    annotations: { summary, do: what },
  };
}

function promises(): readonly Rule[] {
  return [
    rule(
      'critical',
      'AcknowledgedWriteMissing',
      'holdfast_acknowledged_write_missing_total > 0',
      '{{ $labels.process }}: an acknowledged write was missing after a change of primary, and was written again',
      'This must never happen: keep the logs of all Redis nodes and wardens, and report it.',
    ),
    rule(
      'critical',
      'NothingIsAcknowledged',
      'holdfast_in_sync_level{level="none"} == 1',
      '{{ $labels.process }}: nothing is acknowledged, signals are refused',
      'holdfast doctor says which node is missing; docs/redis.md, "When no node is primary".',
      '10s',
    ),
    rule(
      'critical',
      'AccountIsNotSynced',
      'holdfast_sync_account_stopped == 1',
      '{{ $labels.account }}: the stores disagree with Redis about a record, so it is not synced',
      'docs/results.md: find out which is right before the account is resumed.',
    ),
    rule(
      'warning',
      'AcceptancesAreRepeated',
      'holdfast_acceptances_repeating > 0',
      '{{ $labels.process }}: writes of unknown outcome are being repeated',
      'It ends by itself once Redis acknowledges again.',
      '30s',
    ),
  ];
}

function accounts(): readonly Rule[] {
  const grew = (metric: string): string => `increase(${metric}[10m]) > 0`;
  return [
    rule(
      'warning',
      'OutcomeIsUnknown',
      'holdfast_unknown_signals > 0',
      '{{ $labels.account }}: the broker did not confirm the outcome of {{ $value }} signals; their symbols wait',
      'holdfast status names them; where no proof comes, holdfast resolve says what became of them.',
      '1m',
    ),
    rule(
      'critical',
      'ResultIsContradicted',
      grew('holdfast_notices_total{what="correction"}'),
      '{{ $labels.account }}: the broker executed or took back what a result says otherwise',
      'The corrections are among the records of the account (holdfast history); the positions are as the broker has them.',
    ),
    rule(
      'critical',
      'TerminalIsLoggedInElsewhere',
      grew('holdfast_notices_total{what="wrong_login"}'),
      '{{ $labels.account }}: a terminal is logged in as another account and is not traded through',
      'Log it in as the account again, or name the new login in holdfast.yaml (accounts[].broker).',
    ),
    rule(
      'critical',
      'SignalsAreSuspended',
      grew('holdfast_notices_total{what="suspended"}'),
      '{{ $labels.account }}: no terminal reaches the broker, signals wait',
      'Look at the terminals and at the broker.',
    ),
    rule(
      'warning',
      'BrokerRefuses',
      grew('holdfast_notices_total{what="refused"}'),
      '{{ $labels.account }}: the broker refuses for a reason that stays (money, limits, trading switched off)',
      'The log of the engine names the reason.',
    ),
    rule(
      'warning',
      'BrokerHasOtherPositions',
      grew('holdfast_reconciliation_differences_total'),
      '{{ $labels.account }}: positions or orders of ours were {{ $labels.finding }} at the broker',
      'holdfast reconcile shows them: a stop loss, a person at the terminal, the broker itself.',
    ),
  ];
}

function redis(): readonly Rule[] {
  return [
    rule(
      'warning',
      'RedisIsDegraded',
      'holdfast_in_sync_level{level="degraded"} == 1',
      '{{ $labels.process }}: one replica alone is in the in-sync set; the loss of one more node stops signals',
      'Start the node that is missing; holdfast doctor names it.',
      '1m',
    ),
    rule(
      'critical',
      'NobodyCouldTakeOver',
      'sum(holdfast_redis_promotable) == 0',
      'No replica may be promoted: the loss of the primary stops signals',
      'holdfast doctor says why each replica may not.',
      '30s',
    ),
    rule(
      'warning',
      'ProcessorsAreShort',
      'holdfast_redis_pressed == 1',
      'A machine beside a Redis node is short of processors: a frozen primary is replaced later',
      'The log of the wardens says which one (cpu_pressed). Give it more, or move what else runs there.',
      '5m',
    ),
    rule(
      'info',
      'RedisFailedOver',
      'increase(holdfast_redis_failovers_total[10m]) > 0',
      '{{ $labels.process }} asked for a failover of Redis',
      'Find out why the old primary was lost.',
    ),
    rule(
      'warning',
      'ReplicaLagsBehind',
      'holdfast_redis_replica_lag_bytes > 8388608',
      '{{ $labels.replica }} has not confirmed {{ $value | humanize1024 }}B',
      'Look at its disk and at the network between the hosts.',
      '30s',
    ),
    rule(
      'critical',
      'RedisProcessesRunOut',
      'count(up{job="holdfast-warden"} == 1) < 2',
      'Fewer than two wardens answer: a lost primary is replaced by Sentinel alone, and later',
      'Start the wardens; the hosts may be down.',
      '30s',
    ),
  ];
}

function results(numbers: Profile): readonly Rule[] {
  const snapshotS = numbers.snapshotEveryMs / 1000;
  return [
    rule(
      'warning',
      'SnapshotIsOld',
      `holdfast_sync_snapshot_age_seconds > ${snapshotS * 3}`,
      'The newest snapshot of DuckDB is {{ $value | humanizeDuration }} old',
      'Look at the log of sync and at the room in the volume of snapshots.',
      '1m',
    ),
    rule(
      'warning',
      'SnapshotsFail',
      'increase(holdfast_sync_snapshots_failed_total[10m]) > 0',
      'A snapshot of DuckDB could not be taken',
      'Look at the log of sync and at the room in the volume of snapshots.',
    ),
    rule(
      'warning',
      'ClickHouseDoesNotConfirm',
      'sum by (account) (rate(holdfast_sync_batches_failed_total[5m])) > 0',
      '{{ $labels.account }}: ClickHouse confirms no batches; they wait in DuckDB',
      'Start ClickHouse, or look at its log; nothing is lost meanwhile.',
      '5m',
    ),
    rule(
      'info',
      'DatabaseWasRestored',
      'holdfast_sync_restored_total > 0',
      'sync did not find a whole database and restored it ({{ $labels.from }})',
      'Look at the disk of its host.',
    ),
  ];
}

function processes(): readonly Rule[] {
  return [
    rule(
      'critical',
      'ProcessIsDown',
      'up{job=~"holdfast-.*"} == 0',
      '{{ $labels.node }} does not answer',
      'docker ps and docker logs on its host; it is started again by itself when it ended.',
      '15s',
    ),
    rule(
      'warning',
      'BackendIsOut',
      'haproxy_server_status{proxy="backends",state="UP"} == 0',
      '{{ $labels.server }} gets no requests: it is not ready',
      'Its /readyz says why.',
      '30s',
    ),
    rule(
      'warning',
      'ProcessRestarts',
      'changes(process_start_time_seconds{job=~"holdfast-.*"}[10m]) > 2',
      '{{ $labels.node }} was started {{ $value }} times in ten minutes',
      'docker logs says why it ends.',
    ),
  ];
}
