/** What a Sentinel sees, for tests: a calm one, but for what the test says. */
import type { SentinelSight } from '@holdfast/ha-core';

type Seen = Extract<SentinelSight['view'], { is: 'seen' }>;

/** The sight of a Sentinel that names `primary`. */
export function fakeSight(sentinel: string, primary: string, more: Partial<Seen> = {}): SentinelSight {
  return {
    sentinel,
    view: {
      is: 'seen',
      primary,
      configEpoch: 1,
      primaryDown: false,
      failoverUnderWay: false,
      pauses: false,
      replicas: [],
      sentinelsDown: [],
      ...more,
    },
  };
}
