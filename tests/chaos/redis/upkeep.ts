/** Between runs: old accounts are counted once more and removed; and what the wardens can do is asked. */
import { countEntries, removeAccount } from './checker/evidence.ts';
import type { Cluster } from './hosts/cluster.ts';
import type { RunResult } from './one-run.ts';
import type { Setting } from './setting.ts';

/** So many runs' data stays, so that a later failover that brings back old data is seen. */
const KEPT = 8;
const ASK_MS = 2000;

/**
 * Counts the entries of the runs that are kept (a later run may have lost them) and removes the oldest. Adds what is
 * missing to the faults of the last run.
 */
export async function forgetOld(setting: Setting, runs: RunResult[]): Promise<void> {
  const { cluster } = setting;
  const { password } = cluster.files;
  setting.writers.forget();
  const { primary } = await cluster.roles();
  const last = runs.at(-1);
  if (last === undefined) return;
  const kept = runs.slice(-KEPT - 1);
  for (const earlier of kept.slice(0, -1)) {
    if (earlier.built !== last.built) continue;
    const count = await countEntries(primary, password, `run-${earlier.run}`);
    if (count < earlier.verdict.acknowledged) {
      const what = `run ${earlier.run} had ${earlier.verdict.acknowledged} acknowledged, ${count} are left`;
      console.log(`  WRONG: ${what}`);
      runs[runs.length - 1] = { ...last, faults: [...last.faults, what] };
    }
  }
  const [oldest] = kept;
  if (kept.length > KEPT && oldest !== undefined && oldest.built === last.built) {
    await removeAccount(primary, password, `run-${oldest.run}`);
  }
}

/** Whether a warden answers to a planned change of primary: one without the secret is refused, not unknown. */
export async function knowsSwitchover(cluster: Cluster): Promise<boolean> {
  const [warden] = cluster.of('warden');
  if (warden === undefined) return false;
  const response = await fetch(`http://${warden.at.host}:${warden.at.port}/switchover`, {
    method: 'POST',
    signal: AbortSignal.timeout(ASK_MS),
  });
  await response.text();
  return response.status === 401 || response.status === 403;
}
