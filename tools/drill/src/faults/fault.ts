/** What a fault is: words for people, what it needs, how it strikes and how it is mended. */
import type { Random } from '../random.ts';
import type { System } from '../system/system.ts';

/** Packets that no longer arrive. */
export type Cut = {
  /** A port that somebody listens on; every port of `of` where it is left out. */
  readonly port?: number;
  /** Only connections that this part has dialled, or, without a port, all of its own. */
  readonly of?: string;
  /** `to`: what is sent to the port; `from`: what comes from it. */
  readonly way: 'both' | 'to' | 'from';
};

/** Where links can be cut: only in a network of the tests' own. */
export type Links = {
  readonly cut: (cuts: readonly Cut[]) => Promise<void>;
  readonly mend: () => Promise<void>;
};

export type World = {
  readonly system: System;
  readonly random: Random;
  /** Which engine led each account when the run began. */
  readonly leaders: ReadonlyMap<string, string>;
  readonly links: Links | undefined;
  /** Asks the engine that leads the account to hand over. */
  readonly switchOver: (account: string, from: string) => Promise<void>;
  /** Told what was done to whom. */
  readonly tell: (text: string) => void;
};

export type Mend = () => Promise<void>;

export type Fault = {
  readonly name: string;
  /** One line for people. */
  readonly what: string;
  /** Rows of the list of faults that this one belongs to. */
  readonly rows: string;
  /** `simulator`: a simulated broker; `links`: a network of the tests' own; `own`: a system that may be spoilt. */
  readonly needs?: readonly ('simulator' | 'links' | 'own')[];
  /** Signals cannot be executed while it lasts: times count from its end. */
  readonly stops?: true;
  /** It lasts at least so long, also when all accounts have their next signal already. */
  readonly holdMs?: number;
  /** It may come together with another one. */
  readonly pairs?: true;
  /** Signals may end unknown, and a person has to decide. */
  readonly mayBeUnknown?: true;
  /** Strikes; resolves with what ends it. Throws when it cannot strike here. */
  readonly strike: (world: World) => Promise<Mend>;
};

/** Nothing has to be done: what was ended is started again by its supervisor. */
export const byItself: Mend = () => Promise.resolve();

/** The engine that leads most accounts; chosen by the seed among several. */
export function leadingEngine({ leaders, random }: World): string {
  const counts = new Map<string, number>();
  for (const engine of leaders.values()) counts.set(engine, (counts.get(engine) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return random.pick([...counts].flatMap(([engine, count]) => (count === most ? [engine] : [])));
}

/** An engine that is not the leading one. */
export function otherEngine(world: World): string {
  const leading = leadingEngine(world);
  const others = world.system.engines.filter(({ name }) => name !== leading);
  return world.random.pick(others).name;
}
