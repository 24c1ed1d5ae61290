/** How much of each benchmark is run: the full form, and the quick one of about two minutes. */
import type { Setting } from './benchmarks/rounds.ts';
import type { TakeoverPlan } from './benchmarks/takeover.ts';

export type Plan = {
  readonly rounds: number;
  readonly acceptance: readonly Setting[];
  readonly journey: readonly Setting[];
  readonly memorySignals: number;
  readonly takeover: TakeoverPlan;
};

const IN_FLIGHT = 64;

const setting = (inFlight: number, brokerMs: number, count: number, warmUp: number): Setting => {
  const broker = brokerMs === 0 ? '' : `, broker ${brokerMs} ms`;
  return { name: `${inFlight} in flight${broker}`, inFlight, brokerMs, count, warmUp };
};

export const FULL: Plan = {
  rounds: 9,
  acceptance: [setting(1, 0, 2000, 200), setting(IN_FLIGHT, 0, 20_000, 2000)],
  journey: [
    setting(1, 0, 1000, 100),
    setting(IN_FLIGHT, 0, 6400, 640),
    setting(1, 50, 40, 2),
    setting(IN_FLIGHT, 50, 2560, 64),
  ],
  memorySignals: 100_000,
  takeover: {
    kills: 300,
    freezes: 30,
    planned: 100,
    growth: { finished: [1000, 100_000, 1_000_000], kills: 30 },
  },
};

export const QUICK: Plan = {
  rounds: 5,
  acceptance: [setting(1, 0, 500, 100), setting(IN_FLIGHT, 0, 4000, 500)],
  journey: [
    setting(1, 0, 200, 20),
    setting(IN_FLIGHT, 0, 1280, 128),
    setting(1, 50, 10, 1),
    setting(IN_FLIGHT, 50, 256, 64),
  ],
  memorySignals: 2000,
  takeover: { kills: 20, freezes: 5, planned: 20, growth: { finished: [1000, 10_000], kills: 5 } },
};
