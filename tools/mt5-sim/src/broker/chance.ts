/** Chance by seed: the same seed gives the same numbers on every machine. */

export type Chance = {
  /** A whole number from 0 up to, not including, `below`. */
  readonly below: (below: number) => number;
  readonly state: () => number;
};

/** xorshift32, which needs no more than a 32-bit state that can be stored. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0 || 0x9e37_79b9;
  return {
    below: (below) => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      state >>>= 0;
      return state % below;
    },
    state: () => state,
  };
}

/** A seed of its own for each name, from one seed. */
export function seedOf(seed: number, name: string): number {
  let hash = (0x811c_9dc5 ^ seed) >>> 0;
  for (let at = 0; at < name.length; at += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x0100_0193) >>> 0;
  }
  return hash;
}
