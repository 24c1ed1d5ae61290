/**
 * The independent checker: holds what writers were told against what is in Redis. Imports nothing of the product, so
 * that it cannot share a mistake with it. Pure; evidence.ts reads, this judges.
 */
import type { Told } from '../writers/record.ts';

/** A stored signal: the id in it, and Redis' digest of all of it. */
export type Stored = { readonly id: string; readonly digest: string };

/** What one node holds of an account, read by the tests' own client. */
export type Held = {
  readonly node: string;
  /** The id of every entry of the account's stream, in its order, with the magic that the entry names. */
  readonly entries: readonly { readonly id: string; readonly magic: string }[];
  /** By the key of the stored signal (its magic). */
  readonly signals: ReadonlyMap<string, Stored>;
};

export type Verdict = {
  readonly acknowledged: number;
  readonly unknown: number;
  readonly notStored: number;
  /** Ids that were acknowledged and are not there. */
  readonly lost: readonly string[];
  /** Ids that are there more than once. */
  readonly doubled: readonly string[];
  /** Ids that were told not stored, and are there. */
  readonly againstWord: readonly string[];
  /** Anything else that must not be, in words. */
  readonly other: readonly string[];
};

/** Judges an account by what the primary holds. */
export function judge(told: readonly Told[], held: Held): Verdict {
  const entries = new Map<string, number>();
  for (const { id } of held.entries) entries.set(id, (entries.get(id) ?? 0) + 1);
  const stored = new Map<string, number>();
  for (const { id } of held.signals.values()) stored.set(id, (stored.get(id) ?? 0) + 1);
  const there = (id: string): boolean => entries.has(id) && stored.has(id);
  const partly = (id: string): boolean => entries.has(id) !== stored.has(id);
  const of = (outcome: Told['outcome']): readonly Told[] => told.filter((one) => one.outcome === outcome);

  const ids = new Set([...entries.keys(), ...stored.keys()]);
  const known = new Set(told.map(({ id }) => id));
  const repeated = told.length - known.size;
  return {
    acknowledged: of('acknowledged').length,
    unknown: of('unknown').length,
    notStored: of('not_stored').length,
    lost: of('acknowledged').flatMap(({ id }) => (there(id) ? [] : [id])),
    doubled: [...ids].filter((id) => (entries.get(id) ?? 0) > 1 || (stored.get(id) ?? 0) > 1),
    againstWord: of('not_stored').flatMap(({ id }) => (ids.has(id) ? [id] : [])),
    other: [
      ...of('wrong').map(({ id, detail }) => `${id} was answered: ${detail}`),
      ...[...ids].filter(partly).map((id) => `${id} is in the ${entries.has(id) ? 'stream' : 'keys'} alone`),
      ...held.entries
        .filter(({ id, magic }) => held.signals.has(magic) && held.signals.get(magic)?.id !== id)
        .map(({ id, magic }) => `the entry of ${id} names ${magic}, where ${held.signals.get(magic)?.id} is`),
      ...[...ids].filter((id) => !known.has(id)).map((id) => `${id} is there and nobody wrote it`),
      ...(repeated === 0 ? [] : [`${repeated} ids were told twice: the test itself is wrong`]),
    ],
  };
}

/** What differs between the nodes, in words; empty when all hold the same. */
export function differences(all: readonly Held[]): string[] {
  const [first, ...others] = all;
  if (first === undefined) return ['no node was read'];
  const faults: string[] = [];
  for (const other of others) {
    for (const [one, two] of [
      [first, other],
      [other, first],
    ] as const) {
      const missing = lacking(one, two);
      if (missing.length > 0) faults.push(`${two.node} lacks ${some(missing)} that ${one.node} has`);
    }
    const others = [...first.signals]
      .filter(([magic, { digest }]) => (other.signals.get(magic)?.digest ?? digest) !== digest)
      .map(([, { id }]) => id);
    if (others.length > 0) faults.push(`${other.node} and ${first.node} differ in ${some(others)}`);
  }
  return faults;
}

function lacking(one: Held, other: Held): string[] {
  const there = new Set([...other.entries, ...other.signals.values()].map(({ id }) => id));
  const ids = new Set([...one.entries, ...one.signals.values()].map(({ id }) => id));
  return [...ids].filter((id) => !there.has(id));
}

const some = (ids: readonly string[]): string =>
  `${ids.length} (${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ', …' : ''})`;

/** Whether anything in it breaks the promise. */
export function isBroken(verdict: Verdict): boolean {
  const { lost, doubled, againstWord, other } = verdict;
  return lost.length + doubled.length + againstWord.length + other.length > 0;
}
