/** One seed: a system, signals, faults one after the other, then quiet; checked all the way. */
import { type Signal, signalMagic } from '@holdfast/ha-core';
import { createChance } from '@holdfast/simulation';
import { Broken } from './checkers/broken.ts';
import { MAY_LEAVE_UNKNOWN } from './checkers/checkers.ts';
import { picture } from './redis/picture.ts';
import { missing, primaryOf, untilWhole } from './redis/wholeness.ts';
import { startChecked } from './system/checked-system.ts';
import type { Client } from './system/client.ts';
import { leaseOf } from './system/engine-faults.ts';
import { drawKinds, type FaultKind, LEAVE_THE_LEADER, planFault, strikesRedis } from './system/faults.ts';
import { letEntriesBeAhead } from './system/entries-ahead.ts';
import { ACCOUNT, type System } from './system/system.ts';

export type SeedOptions = {
  readonly signals?: number;
  readonly faults?: number;
  readonly kinds?: readonly FaultKind[];
  readonly trace?: boolean;
  /** Engines and terminals start together with Redis; by the seed, where nothing is said. */
  readonly together?: boolean;
};

export type SeedOutcome = {
  readonly seed: number;
  readonly broken: string | undefined;
  readonly story: readonly string[];
  readonly events: number;
  readonly hash: number;
  readonly acknowledged: number;
  readonly unanswered: number;
  readonly orders: number;
  readonly records: number;
  readonly virtualMs: number;
};

/** The first start and the quiet at the end last so long at most, in milliseconds of the world. */
const READY_WITHIN_MS = 10_000;
const QUIET_MS = 90_000;
/** A healed system is whole again within this; where a Sentinel's clock jumped, after half a minute more. */
const WHOLE_WITHIN_MS = 60_000;
const HEALED_WITHIN_MS = 20_000;
const READ_EVERY_MS = 700;
const SIGNALS = 12;
/** Zones of broker servers, in hours ahead of everybody else. */
const BROKER_ZONES_H = [0, 2, -5, 0, 3];
/** Longer than any fault; what waits behind an unknown outcome is over soon after the last of them. */
const LIFE_MS = 10_000;
/** The last signal has its result within this. */
const LAST_WITHIN_MS = 40_000;
/** What nobody told of is found by the looks that come each minute. */
const RECORDED_WITHIN_MS = 70_000;
const CRASH_LATER: ReadonlySet<string> = new Set(['crash at a point', 'terminal loses its disk']);

export async function runSeed(seed: number, options: SeedOptions = {}): Promise<SeedOutcome> {
  const random = createChance(seed, 'faults');
  const kinds = drawKinds(random, seed, options.kinds, options.faults);
  const together = options.together ?? startsTogether(seed);
  const { system, client, checkers, guarded } = await startChecked({
    seed,
    trace: options.trace ?? false,
    redis: together ? 'together' : strikesRedis(kinds) ? 'first' : 'bare',
    terminals: 1 + (seed % 3 === 0 ? 1 : 0),
    margin: seed % 4 === 0 ? 'netting' : 'hedging',
    brokerAheadMs: (BROKER_ZONES_H[seed % BROKER_ZONES_H.length] ?? 0) * 3_600_000,
  });
  const { world } = system;
  let records = 0;
  let broken: string | undefined;
  try {
    await untilWhole(world, system.machines, READY_WITHIN_MS);
    if (!strikesRedis(kinds)) restGuards(system);
    if (entriesAreAhead(seed)) letEntriesBeAhead(system);
    planSignals(system, client, options.signals ?? SIGNALS);
    const watching = watchRecords(system, client, (rows) => {
      records = rows.length;
      guarded(checkers.records)(rows);
    });
    await strikeFaults(system, kinds, random);
    await settle(system, client, options.signals ?? SIGNALS, kinds);
    judgeLeader(system, kinds);
    await lastSignal(system, client, kinds);
    // The last result must have been seen first.
    checkers.records(await readAtLast(system, client));
    await world.run(checkers.allRecorded, RECORDED_WITHIN_MS);
    watching.stop();
    // Before the records: what is unknown now may have its result at any moment.
    const states = signalStates(system);
    const rows = await readAtLast(system, client);
    records = rows.length;
    checkers.records(rows);
    nothingFinishedWaits(system);
    checkers.atTheEnd(client.told.values(), states, kinds);
  } catch (error) {
    broken =
      error instanceof Broken
        ? error.message
        : `CRASH: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    world.note(`BROKEN ${broken}`);
    for (const line of picture(system.machines)) world.note(line);
  }
  const told = [...client.told.values()];
  const acknowledged = told.filter((row) => row.acknowledgedAtMs !== undefined).length;
  return {
    seed,
    broken,
    story: world.story(),
    ...world.fingerprint(),
    acknowledged,
    unanswered: told.length - acknowledged,
    orders: checkers.orders(),
    records,
    virtualMs: world.now(),
  };
}

/** Signals at times of the seed. */
function planSignals(system: System, client: Client, count: number): void {
  const { world } = system;
  const random = world.chance('signals');
  let atMs = 0;
  for (let i = 1; i <= count; i += 1) {
    atMs += 50 + random() * 700;
    world.after(atMs, () => {
      const signal = drawSignal(random, system, `s${i}`);
      void client.send(signal, random() < 0.2 ? 1500 : LIFE_MS);
    });
  }
}

/** Mostly market orders; a third closes, changes or cancels something that the broker has. */
function drawSignal(random: () => number, system: System, id: string): Signal {
  const symbol = random() < 0.5 ? 'EURUSD' : 'GBPUSD';
  const side = random() < 0.5 ? 'buy' : 'sell';
  const draw = random();
  const { positions, orders } = system.broker.ledger();
  const position = positions.find((each) => each.symbol === symbol)?.ticket;
  const order = orders.find((each) => each.symbol === symbol && each.state === 'placed')?.order;
  const far = side === 'buy' ? '1.00000' : '2.00000';
  if (draw < 0.15 && position !== undefined) return { id, action: 'close', symbol, position };
  if (draw < 0.25 && position !== undefined) {
    return { id, action: 'modify', symbol, position, takeProfit: '0', stopLoss: '0' };
  }
  if (draw < 0.3 && order !== undefined) return { id, action: 'cancel', symbol, order };
  if (draw < 0.4) return { id, action: 'open', type: 'limit', symbol, side, volume: '0.10', price: far };
  return { id, action: 'open', symbol, side, volume: '0.10' };
}

async function strikeFaults(
  system: System,
  kinds: readonly FaultKind[],
  random: () => number,
): Promise<void> {
  const { world } = system;
  for (const kind of kinds) {
    await world.run(world.now() + random() * 1500);
    const fault = planFault(kind, random);
    const heal = fault.strike(system);
    await world.run(world.now() + 100 + random() * 3500);
    world.note('HEAL');
    let healed = false;
    void Promise.resolve(heal()).then(() => {
      healed = true;
    });
    await world.run(() => healed, HEALED_WITHIN_MS);
    const endMs = world.now() + WHOLE_WITHIN_MS;
    while (world.now() < endMs && !isWhole(system, kinds)) await world.run(world.now() + 50);
  }
}

/** Redis is whole: the next fault is again the only one. Where nothing happens to it, it was whole at the start. */
const isWhole = (system: System, kinds: readonly FaultKind[]): boolean =>
  !strikesRedis(kinds) || missing(system.machines) === undefined;

/**
 * Where everything starts at once, whoever looks for a primary that is not there yet asks all nodes again and again: a third of
 * the events of a seed, and much the same in each. One pair of seeds in four is enough for that.
 */
const startsTogether = (seed: number): boolean => seed % 8 < 2;

/** In half of the seeds, whatever else goes by their number: by chance it takes the same millisecond (seed 8360150). */
const entriesAreAhead = (seed: number): boolean => Math.floor(seed / 8) % 2 === 1;

/** The set is formed, and nothing will happen to it: no need to have wardens and Sentinels look at it again and again. */
function restGuards({ machines }: System): void {
  for (const name of [...machines.wardens, ...machines.sentinels]) machines.process(name)?.freeze();
}

function watchRecords(
  system: System,
  client: Client,
  see: (rows: Awaited<ReturnType<Client['records']>> & object) => void,
): { stop: () => void } {
  let stopped = false;
  const again = (): void => {
    if (stopped) return;
    void client.records().then((rows) => {
      if (rows !== undefined && !stopped) see(rows);
      system.world.after(READ_EVERY_MS, again, 'read records');
    });
  };
  again();
  return {
    stop: () => {
      stopped = true;
    },
  };
}

/** Quiet until every signal was sent, acknowledged and finished; looked at now and then, because looking costs. */
async function settle(
  system: System,
  client: Client,
  signals: number,
  kinds: readonly FaultKind[],
): Promise<void> {
  const provable = !kinds.some((fault) => MAY_LEAVE_UNKNOWN.has(fault));
  const { world } = system;
  world.note('QUIET');
  const endMs = world.now() + QUIET_MS;
  const unfinished = (): boolean => {
    const told = [...client.told.values()];
    if (told.length < signals || told.some((row) => !row.ended)) return true;
    return [...signalStates(system).values()].some((state) => provable || state !== 'unknown');
  };
  while (world.now() < endMs && (unfinished() || !isWhole(system, kinds))) await world.run(world.now() + 100);
}

/** What happens at terminals, at the broker and to wall clocks is no reason for another engine to lead. */
function judgeLeader(system: System, faults: readonly string[]): void {
  const { epoch } = leaseOf(system);
  if (epoch !== '1' && faults.every((fault) => LEAVE_THE_LEADER.has(fault)))
    throw new Broken('I10', `epoch ${epoch} although nothing happened that an engine or Redis would notice`);
}

/** The service is back: one more signal, of a symbol that nothing was asked about, is executed. */
async function lastSignal(system: System, client: Client, faults: readonly string[]): Promise<void> {
  // A terminal may still have to crash at its next command.
  if (faults.some((fault) => CRASH_LATER.has(fault))) return;
  system.broker.clearFaults();
  const signal: Signal = { id: 'last', action: 'open', symbol: 'USDJPY', side: 'buy', volume: '0.10' };
  void client.send(signal, 30_000);
  const key = `hf:{${ACCOUNT}}:signal:${signalMagic(ACCOUNT, signal.id)}`;
  const outcome = (): string | undefined => {
    const row = system.redis.state(primaryOf(system.machines)).disk.data.keys.get(key);
    return row?.is === 'hash' && row.fields.has('number') ? row.fields.get('state') : undefined;
  };
  await system.world.run(() => outcome() !== undefined, LAST_WITHIN_MS);
  if (outcome() !== 'filled')
    throw new Broken(
      'LIVENESS',
      `the last signal, with nothing in its way, is ${outcome() ?? 'not finished'}`,
    );
}

async function readAtLast(
  system: System,
  client: Client,
): Promise<readonly { number: string; text: string }[]> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    let rows: Awaited<ReturnType<Client['records']>>;
    let settled = false;
    void client.records().then((read) => {
      rows = read;
      settled = true;
    });
    await system.world.run(() => settled, 10_000);
    if (rows !== undefined) return rows;
    await system.world.run(system.world.now() + 500);
  }
  throw new Broken('LIVENESS', 'records cannot be read although everything is whole');
}

/** Signals in RTSS on the primary: id → state. */
function signalStates(system: System): ReadonlyMap<string, string> {
  return new Map(entriesOf(system).map(({ id, row }) => [id, row.get('state') ?? '']));
}

/** An entry of a signal that has its result would be read again at each takeover. */
function nothingFinishedWaits(system: System): void {
  for (const { id, row } of entriesOf(system)) {
    if (row.has('number')) throw new Broken('I2', `${id} has its result and stands in RTSS still`);
  }
}

function entriesOf(
  system: System,
): readonly { readonly id: string; readonly row: ReadonlyMap<string, string> }[] {
  const { keys } = system.redis.state(primaryOf(system.machines)).disk.data;
  const stream = keys.get(`hf:{${ACCOUNT}}:rtss`);
  if (stream?.is !== 'stream') return [];
  return stream.entries.map(({ fields: [, id = '', , magic = ''] }) => {
    const signal = keys.get(`hf:{${ACCOUNT}}:signal:${magic}`);
    return { id, row: signal?.is === 'hash' ? signal.fields : new Map<string, string>() };
  });
}
