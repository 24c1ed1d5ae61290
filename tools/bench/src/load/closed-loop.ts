/**
 * The closed loop of every measurement, of the product, the floor and the peer alike: so many under way at once, the
 * next begins when one has ended, the first ones are not counted.
 */

export type LoopOptions = {
  readonly inFlight: number;
  /** How many are counted. */
  readonly count: number;
  /** How many come before them. */
  readonly warmUp: number;
};

export type Timings = {
  /** Each counted one's time, in ms. */
  readonly latenciesMs: Float64Array;
  /** From the start of the first counted one to the end of the last, in ms. */
  readonly tookMs: number;
};

/** Runs `one(number, place)`; places count from 0 to `inFlight` - 1 and are held by one at a time. */
export async function runClosedLoop(
  options: LoopOptions,
  one: (number: number, place: number) => Promise<void>,
): Promise<Timings> {
  if (options.warmUp > 0) await pass(options, 0, options.warmUp, one);
  return pass(options, options.warmUp, options.count, one);
}

async function pass(
  options: LoopOptions,
  from: number,
  count: number,
  one: (number: number, place: number) => Promise<void>,
): Promise<Timings> {
  const latenciesMs = new Float64Array(count);
  let begun = 0;
  const startedMs = performance.now();
  const keep = async (place: number): Promise<void> => {
    while (begun < count) {
      const index = begun;
      begun += 1;
      const beganMs = performance.now();
      await one(from + index, place);
      latenciesMs[index] = performance.now() - beganMs;
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.inFlight, count) }, (_, place) => keep(place)));
  return { latenciesMs, tookMs: performance.now() - startedMs };
}
