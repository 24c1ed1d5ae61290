/** What was aimed at, beside what was measured: median and worst outage by groups of faults, and a soak without any. */
import type { Soaked } from '../soak.ts';
import { QUIET_LOAD, type Results } from './results.ts';
import { shownMs } from './summary.ts';
import { spreadOf } from '@holdfast/drill';

export type AimRow = {
  readonly what: string;
  readonly aim: string;
  readonly measured: string;
  /** Undefined where nothing of it was measured. */
  readonly reached: boolean | undefined;
};

type Aim = {
  readonly what: string;
  readonly faults: readonly string[];
  readonly medianMs?: number;
  readonly worstMs?: number;
};

const AIMS: readonly Aim[] = [
  { what: 'kill -9 of the primary', faults: ['kill-primary'], medianMs: 300, worstMs: 600 },
  { what: 'SIGSTOP of the primary', faults: ['freeze'], medianMs: 600, worstMs: 1000 },
  {
    what: 'the primary is cut off',
    faults: ['isolate-primary', 'isolate-primary-reset', 'primary-hears-nothing', 'primary-not-heard'],
    medianMs: 600,
    worstMs: 1000,
  },
  {
    what: 'a replica dies, freezes or is cut off',
    faults: ['kill-replica', 'freeze-replica', 'isolate-replica'],
    worstMs: 1000,
  },
  { what: 'planned switchover', faults: ['switchover'], medianMs: 100 },
];

/** A row for each aim: times from quiet parts alone, losses from all. */
export function aimRows(
  parts: readonly Pick<Results, 'runs' | 'loadBefore'>[],
  soaked: Soaked | undefined,
): AimRow[] {
  const runs = parts.flatMap((part) => part.runs);
  const quiet = parts.flatMap((part) => (part.loadBefore < QUIET_LOAD ? part.runs : []));
  const timed = AIMS.map(({ what, faults, medianMs, worstMs }): AimRow => {
    const own = quiet.filter(({ fault }) => faults.includes(fault));
    const { count, median, max } = spreadOf(own.flatMap(({ outageMs }) => outageMs ?? []));
    const within = (value: number | undefined, most: number | undefined): boolean =>
      most === undefined || (value !== undefined && value <= most);
    const aims = [
      ...(medianMs === undefined ? [] : [`median ≤ ${medianMs}`]),
      ...(worstMs === undefined ? [] : [`worst ≤ ${worstMs}`]),
    ];
    return {
      what,
      aim: `${aims.join(', ')} ms`,
      measured:
        count === 0
          ? 'not measured'
          : `median ${shownMs(median)}, worst ${shownMs(max)} ms of ${own.length}${count === own.length ? '' : `, ${own.length - count} never`}`,
      reached:
        own.length === 0
          ? undefined
          : count === own.length && within(median, medianMs) && within(max, worstMs),
    };
  });
  const bad = runs.filter(({ verdict }) => verdict.lost.length + verdict.doubled.length > 0).length;
  return [
    ...timed,
    {
      what: 'acknowledged writes lost or doubled',
      aim: 'none in any run',
      measured: `in ${bad} of ${runs.length} runs`,
      reached: runs.length === 0 ? undefined : bad === 0,
    },
    {
      what: 'failovers without a fault, processors busy',
      aim: 'none in 30 minutes under 6 burners',
      measured:
        soaked === undefined
          ? 'not measured'
          : `${soaked.failovers} in ${soaked.minutes.toFixed(0)} minutes under ${soaked.burners}; longest time without an acknowledgement ${shownMs(soaked.longestGapMs)} ms${soaked.refused > 0 ? `, ${soaked.refused} of ${soaked.refused + soaked.acknowledged} writes refused` : ''}`,
      reached:
        soaked === undefined
          ? undefined
          : soaked.failovers === 0 && soaked.minutes >= 30 && soaked.burners >= 6,
    },
  ];
}

/** `yes`, `no`, or a dash where it was not measured. */
export const reachedText = ({ reached }: AimRow): string =>
  reached === undefined ? '–' : reached ? 'yes' : 'no';
