/** Steps of the wall clock of one process, five seconds forward and back: row 31. The monotonic clock is not touched. */
import type { Member } from '../hosts/cluster.ts';
import { type Fault, type Stage, WORST_MS } from './fault.ts';

const STEP_MS = 5000;

function stepped(name: string, what: string, pick: (stage: Stage) => Member): Fault[] {
  return [STEP_MS, -STEP_MS].map(
    (ms): Fault => ({
      name: `clock-${name}-${ms > 0 ? 'forward' : 'back'}`,
      row: '31',
      what: `the clock of ${what} is set ${STEP_MS / 1000} s ${ms > 0 ? 'forward' : 'back'}, and right again after 1 s`,
      needs: ['shim', ...(name === 'warden' ? (['wardens'] as const) : [])],
      failover: 'must not',
      serves: true,
      measures: 'longest stall',
      worstMs: WORST_MS.silence,
      holdMs: 1000,
      pairs: true,
      strike: (stage) => {
        const member = pick(stage);
        return stage.strikes(`${member.name}: clock ${ms > 0 ? '+' : ''}${ms} ms`, () =>
          member.shim?.wallAhead(ms),
        );
      },
    }),
  );
}

export const CLOCK_FAULTS: readonly Fault[] = [
  ...stepped('sentinel', 'a Sentinel', (stage) => stage.random.pick(stage.cluster.of('sentinel'))),
  ...stepped('primary', 'the primary', (stage) => stage.roles.primary),
  ...stepped('replica', 'a replica', (stage) => stage.random.pick(stage.roles.replicas)),
  ...stepped('warden', 'a warden', (stage) => stage.random.pick(stage.cluster.of('warden'))),
];
