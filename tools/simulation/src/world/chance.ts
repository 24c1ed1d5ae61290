/**
 * Seeded chance. Each user of a world draws from a stream of its own, named, so that a change in one part of a
 * scenario does not change what all the others draw.
 */

/** A stream of numbers in [0, 1), the same for the same seed and name (sfc32). */
export function createChance(seed: number, name: string): () => number {
  let hash = 2166136261 ^ seed;
  for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 16777619);
  const word = (): number => {
    hash = (hash + 0x9e3779b9) | 0;
    let mixed = hash ^ (hash >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
  let a = word();
  let b = word();
  let c = word();
  let counter = word();
  return () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4294967296;
  };
}
