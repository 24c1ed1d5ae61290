/** An engine's metrics: what its accounts came to, and what people must know of. */
import type { ReconciliationReport, TakeoverCause } from '@holdfast/ha-core';
import type { Metrics } from '@holdfast/process';
import type { EngineOptions } from './engine-options.ts';
import type { EngineView } from './engine-view.ts';

export type EngineMetrics = Required<
  Pick<EngineOptions, 'onResult' | 'onRound' | 'onTakeover' | 'onNotice' | 'onReconciled'>
> & {
  /** Takes over what is read from the view. */
  readonly show: (view: EngineView) => void;
};

/** What people are told of; each stands at 0 from the start, so that its first time is seen as growth. */
const NOTICES = [
  'unknown',
  'correction',
  'refused',
  'wrong_login',
  'no_backup',
  'switched_to_backup',
  'suspended',
  'recovered',
] as const;
const FINDINGS = ['ours_missing', 'differing'] as const;

/** Registers them. */
export function createEngineMetrics(metrics: Metrics, accounts: readonly string[]): EngineMetrics {
  const results = metrics.counter('holdfast_results_total', 'Results by account and outcome', [
    'account',
    'outcome',
  ]);
  const journey = metrics.histogram(
    'holdfast_journey_seconds',
    'Acceptance to result',
    ['account'],
    [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
  );
  const rounds = metrics.histogram(
    'holdfast_acknowledge_seconds',
    'One round of the acknowledged write',
    [],
    [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1],
  );
  const takeovers = metrics.counter('holdfast_takeovers_total', 'Leaderships won, by cause', [
    'account',
    'cause',
  ]);
  const notices = metrics.counter('holdfast_notices_total', 'What people were told of', ['account', 'what']);
  const differences = metrics.counter(
    'holdfast_reconciliation_differences_total',
    'Rows of RTS that were missing or other at the broker, as reports told them',
    ['account', 'finding'],
  );
  const strangers = metrics.gauge(
    'holdfast_broker_extra',
    'Positions and orders at the broker that belong to no signal, at the engine that leads the account',
    ['account'],
  );
  const pauses = metrics.gauge(
    'holdfast_paused',
    'Held still by a person, at the engine that leads the account',
    ['account'],
  );
  const unknown = metrics.gauge(
    'holdfast_unknown_signals',
    'Signals whose outcome the broker did not confirm, at the engine that leads the account',
    ['account'],
  );
  for (const account of accounts) {
    for (const what of NOTICES) notices.inc({ account, what }, 0);
    for (const finding of FINDINGS) differences.inc({ account, finding }, 0);
  }
  return {
    onResult: (account, outcome, tookMs) => {
      results.inc({ account, outcome });
      journey.observe({ account }, tookMs / 1000);
    },
    onRound: (_calls, tookMs) => rounds.observe(tookMs / 1000),
    onTakeover: (account: string, cause: TakeoverCause) => takeovers.inc({ account, cause }),
    onNotice: (account, what) => notices.inc({ account, what }),
    onReconciled: (account: string, report: ReconciliationReport) => {
      differences.inc({ account, finding: 'ours_missing' }, report.oursMissing);
      differences.inc({ account, finding: 'differing' }, report.differing);
      strangers.set({ account }, report.brokerExtra);
    },
    show: ({ accounts: seats }) => {
      for (const { account, role, pause, active } of seats) {
        pauses.set({ account }, role === 'active' && pause !== '' ? 1 : 0);
        unknown.set({ account }, active?.unknown.length ?? 0);
        if (role !== 'active') strangers.set({ account }, 0);
      }
    },
  };
}
