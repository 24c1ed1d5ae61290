/**
 * The wire between processes, below both the virtual Network and the simulated Redis: connections that carry
 * messages in order, and what can happen to them.
 *
 * - Latency: a base per pair of machines and a jitter per message, by seed. Never out of order within a direction.
 * - `cut`: nothing passes in that direction. What was under way is held and comes after `heal`, as TCP would send it
 *   again; a dial meanwhile times out.
 * - `breakBetween`: every connection between two machines breaks, and an unknown tail of what was under way is lost.
 * - A process that dies: its connections end after what it had already sent; whoever dials is refused.
 * - A process that is frozen: its kernel still accepts; nothing answers until it goes on.
 */
import type { DialFailure } from '@holdfast/ha-core';
import type { VirtualProcess } from './virtual-process.ts';
import type { World } from './world.ts';

export type WireEnd = {
  readonly peer: string;
  /** False when the connection is closed. */
  readonly send: (message: unknown) => boolean;
  readonly onMessage: (receive: (message: unknown) => void) => void;
  /** Called once with the reason, also when it is closed already. */
  readonly onClosed: (listener: (reason: string) => void) => void;
  readonly close: () => void;
};

export type WireDial =
  | { readonly is: 'open'; readonly end: WireEnd }
  | { readonly is: 'failed'; readonly why: DialFailure };

export type Wire = {
  /** Listens at `address`; undefined when another process listens there. Ends with the process. */
  readonly bind: (
    owner: VirtualProcess,
    address: string,
    onConnection: (end: WireEnd) => void,
  ) => (() => void) | undefined;
  /** Dials; settles within `deadlineMs` of the dialling process's clock. */
  readonly dial: (
    from: VirtualProcess,
    address: string,
    deadlineMs: number,
    settle: (dial: WireDial) => void,
  ) => void;
  /** Nothing passes from one machine to the other until `heal`; both ways unless told otherwise. */
  readonly cut: (from: string, to: string, oneWay?: 'one way') => void;
  readonly heal: (from: string, to: string) => void;
  readonly isCut: (from: string, to: string) => boolean;
  readonly breakBetween: (one: string, other: string) => void;
  /** Everything between two machines takes so much longer, both ways, until it is set to 0. */
  readonly slow: (one: string, other: string, byMs: number) => void;
  /** By how much `slow` delays what goes from one machine to the other. */
  readonly slowMs: (from: string, to: string) => number;
  /** Where a process listens, by address. */
  readonly ownerOf: (address: string) => VirtualProcess | undefined;
};

export type WireOptions = {
  /** Base latency of one way between two machines, drawn once per pair between these. */
  readonly latencyMs?: readonly [number, number];
};

type Direction = {
  readonly from: VirtualProcess;
  readonly to: VirtualProcess;
  readonly baseMs: number;
  readonly label: string;
  lastAtMs: number;
  /** What leaves after this never arrives: the connection is broken. */
  lostAfterMs: number;
  held: (() => void)[];
};

type Side = {
  receive: ((message: unknown) => void) | undefined;
  kept: unknown[];
  closedReason: string | undefined;
  closedListeners: ((reason: string) => void)[];
};

type Connection = {
  readonly directions: readonly [Direction, Direction];
  readonly sides: readonly [Side, Side];
};

/** The wire of a world; one for all its processes. */
export function createWire(world: World, options: WireOptions = {}): Wire {
  const [leastMs, mostMs] = options.latencyMs ?? [0.05, 0.3];
  const random = world.chance('wire');
  const listeners = new Map<string, { owner: VirtualProcess; onConnection: (end: WireEnd) => void }>();
  const cuts = new Set<string>();
  const bases = new Map<string, number>();
  const slowed = new Map<string, number>();
  const connections = new Set<Connection>();

  const baseMs = (from: VirtualProcess, to: VirtualProcess): number => {
    const pair = `${from.machine}>${to.machine}`;
    let base = bases.get(pair);
    if (base === undefined) {
      base = leastMs + random() * (mostMs - leastMs);
      bases.set(pair, base);
    }
    return base;
  };
  const jittered = (base: number): number => {
    const slow = random();
    return base * (1 + random()) + (slow > 0.995 ? random() * 20 * mostMs : 0);
  };
  const slowMs = (from: string, to: string): number =>
    slowed.size === 0 ? 0 : (slowed.get(`${from}>${to}`) ?? 0);
  const latencyMs = (from: VirtualProcess, to: VirtualProcess): number =>
    jittered(baseMs(from, to)) + slowMs(from.machine, to.machine);

  const isCut = (from: string, to: string): boolean => cuts.size > 0 && cuts.has(`${from}>${to}`);

  /** Carries one thing along a direction, after all before it. */
  const carry = (along: Direction, arrive: () => void): void => {
    const atMs = Math.max(
      along.lastAtMs,
      world.now() + jittered(along.baseMs) + slowMs(along.from.machine, along.to.machine),
    );
    along.lastAtMs = atMs;
    world.after(
      atMs - world.now(),
      () => {
        if (world.now() > along.lostAfterMs) return;
        if (isCut(along.from.machine, along.to.machine) || along.held.length > 0) along.held.push(arrive);
        else along.to.enter(arrive);
      },
      along.label,
    );
  };

  const closeSide = (connection: Connection, which: 0 | 1, reason: string): void => {
    const side = connection.sides[which];
    if (side.closedReason !== undefined) return;
    side.closedReason = reason;
    for (const listener of side.closedListeners.splice(0)) listener(reason);
    if (connection.sides[which === 0 ? 1 : 0].closedReason !== undefined) connections.delete(connection);
  };

  const endOf = (connection: Connection, which: 0 | 1): WireEnd => {
    const other = which === 0 ? 1 : 0;
    const own = connection.sides[which];
    const out = connection.directions[which];
    const there = connection.sides[other];
    const deliver = (message: unknown): void => {
      if (there.closedReason !== undefined) return;
      if (there.receive === undefined) there.kept.push(message);
      else there.receive(message);
    };
    const close = (reason: string): void => {
      if (own.closedReason !== undefined) return;
      closeSide(connection, which, reason);
      carry(out, () => closeSide(connection, other, 'the other side closed the connection'));
    };
    out.from.onDeath(() => {
      if (own.closedReason !== undefined) return;
      own.closedReason = 'the process died';
      own.closedListeners.length = 0;
      carry(out, () => closeSide(connection, other, 'the other side is gone'));
    });
    return {
      peer: out.to.name,
      send: (message) => {
        if (own.closedReason !== undefined) return false;
        carry(out, () => deliver(message));
        return true;
      },
      onMessage: (receive) => {
        own.receive = receive;
        for (const message of own.kept.splice(0)) receive(message);
      },
      onClosed: (listener) => {
        if (own.closedReason === undefined) own.closedListeners.push(listener);
        else listener(own.closedReason);
      },
      close: () => close('closed here'),
    };
  };

  const connect = (from: VirtualProcess, to: VirtualProcess): { near: WireEnd; far: WireEnd } => {
    const direction = (a: VirtualProcess, b: VirtualProcess): Direction => ({
      from: a,
      to: b,
      baseMs: baseMs(a, b),
      label: `wire ${a.name}>${b.name}`,
      lastAtMs: 0,
      lostAfterMs: Number.POSITIVE_INFINITY,
      held: [],
    });
    const side = (): Side => ({ receive: undefined, kept: [], closedReason: undefined, closedListeners: [] });
    const connection: Connection = {
      directions: [direction(from, to), direction(to, from)],
      sides: [side(), side()],
    };
    connections.add(connection);
    return { near: endOf(connection, 0), far: endOf(connection, 1) };
  };

  const dial: Wire['dial'] = (from, address, deadlineMs, settle) => {
    let settled = false;
    const once = (result: WireDial): void => {
      if (settled) {
        if (result.is === 'open') result.end.close();
        return;
      }
      settled = true;
      cancel();
      settle(result);
    };
    const cancel = from.host.after(deadlineMs, () => once({ is: 'failed', why: 'timeout' }));
    const addressee = listeners.get(address)?.owner;
    const label = `dial ${from.name}>${address}`;
    world.after(
      latencyMs(from, addressee ?? from),
      () => {
        const listener = listeners.get(address);
        const to = listener?.owner ?? addressee;
        const lost = to !== undefined && (isCut(from.machine, to.machine) || isCut(to.machine, from.machine));
        if (lost || from.state() === 'dead') return;
        if (listener === undefined) {
          world.after(
            latencyMs(from, from),
            () => from.enter(() => once({ is: 'failed', why: 'refused' })),
            label,
          );
          return;
        }
        const { near, far } = connect(from, listener.owner);
        listener.owner.enter(() => listener.onConnection(far));
        world.after(
          latencyMs(listener.owner, from),
          () => from.enter(() => once({ is: 'open', end: near })),
          label,
        );
      },
      label,
    );
  };

  const heal = (one: string, other: string): void => {
    cuts.delete(`${one}>${other}`);
    cuts.delete(`${other}>${one}`);
    for (const { directions } of connections) {
      for (const along of directions) {
        if (along.held.length === 0 || isCut(along.from.machine, along.to.machine)) continue;
        const pauseMs = random() * 200;
        along.lastAtMs = Math.max(along.lastAtMs, world.now() + pauseMs);
        world.after(pauseMs, () => release(along), `retransmit ${along.from.name}>${along.to.name}`);
      }
    }
  };

  const release = (along: Direction): void => {
    if (isCut(along.from.machine, along.to.machine)) return;
    for (const arrive of along.held.splice(0)) along.to.enter(arrive);
  };

  const breakBetween = (one: string, other: string): void => {
    for (const connection of connections) {
      const [there, back] = connection.directions;
      const ends = [there.from.machine, there.to.machine];
      if (!ends.includes(one) || !ends.includes(other) || (one !== other && ends[0] === ends[1])) continue;
      there.lostAfterMs = world.now() + random() * mostMs;
      back.lostAfterMs = world.now() + random() * mostMs;
      there.held = [];
      back.held = [];
      const ended = (which: 0 | 1, along: Direction): void => {
        world.after(along.lostAfterMs - world.now() + 0.001, () =>
          along.to.enter(() => closeSide(connection, which, 'broken: ECONNRESET')),
        );
      };
      ended(1, there);
      ended(0, back);
    }
  };

  return {
    bind: (owner, address, onConnection) => {
      if (listeners.has(address)) return undefined;
      const listener = { owner, onConnection };
      listeners.set(address, listener);
      const unbind = (): void => {
        if (listeners.get(address) === listener) listeners.delete(address);
      };
      owner.onDeath(unbind);
      return unbind;
    },
    dial,
    cut: (from, to, oneWay) => {
      cuts.add(`${from}>${to}`);
      if (oneWay === undefined) cuts.add(`${to}>${from}`);
    },
    heal,
    isCut,
    breakBetween,
    slow: (one, other, byMs) => {
      for (const pair of [`${one}>${other}`, `${other}>${one}`]) {
        if (byMs > 0) slowed.set(pair, byMs);
        else slowed.delete(pair);
      }
    },
    slowMs,
    ownerOf: (address) => listeners.get(address)?.owner,
  };
}
