/**
 * What must hold, whatever happens. A checker looks at what leaves the system (journal lines, orders at the broker,
 * what clients were told, the stored records) and imports none of the rules that it checks, but for a signal's magic.
 *
 * I1 what a client is told is stored is on every node that could be promoted, and is never lost.
 * I2 one order per magic at the broker. I3 no command of a lower epoch after a higher one, no epoch with two holders.
 * I4 each command given to the broker had its intent on two nodes before. I6 one result per signal, never changed.
 * I7 nothing is sent past its time to live. I8 numbers contiguous from 1, the same number never with other content.
 */
import { type Signal, signalMagic } from '@holdfast/ha-core';
import type { TradeRequest } from '@holdfast/mt5-sim';
import type { ReadRecord, Told } from '../system/client.ts';
import { ACCOUNT, type System } from '../system/system.ts';
import { Broken } from './broken.ts';
import { createPromotionChecker, holds, type PromotionChecker, type ToldWrite } from './promotable.ts';

export type Checkers = Pick<PromotionChecker, 'onPrimary'> & {
  readonly journalLine: (terminal: string, line: string) => void;
  readonly orderSend: (terminal: string, request: TradeRequest) => void;
  /** A client learns that its signal is stored. */
  readonly acknowledged: (signal: Signal) => void;
  /** After every event. */
  readonly always: () => void;
  /** Whenever a reader has read all records. */
  readonly records: (rows: readonly ReadRecord[]) => void;
  /** When everything is whole again and has had time to finish. */
  readonly atTheEnd: (
    told: Iterable<Told>,
    states: ReadonlyMap<string, string>,
    faults: readonly string[],
  ) => void;
  readonly orders: () => number;
};

/** Faults after which an outcome can stay unproven, so that only a person can end it (I5). */
export const MAY_LEAVE_UNKNOWN = new Set(['drop request', 'crash at a point', 'terminal crash']);
/** The broker's book is read anew after so many events: an order stays in it, so nothing is missed. */
const EVENTS_BETWEEN_LOOKS = 50;
/** Wall clocks of machines may differ by so much, and two boots of monotonic clocks by so little. */
const CLOCK_TOLERANCE_MS = 100;

const fieldOf = (line: string, name: string): string =>
  new RegExp(`(?:^| )${name}=([^ ]*)`).exec(line)?.[1] ?? '';

/** Before the system is there nothing is looked at. */
export function createCheckers(
  present: () => System | undefined,
  told: () => ReadonlyMap<string, Told>,
): Checkers {
  const promotion = createPromotionChecker(() => present()?.machines);
  const system = (): System => {
    const there = present();
    if (there === undefined) throw new Error('the system is not there yet');
    return there;
  };
  const holderOf = new Map<string, string>();
  const highest = new Map<string, bigint>();
  const lastCommand = new Map<string, string>();
  const seen = new Map<string, string>();
  /** Signal id → number of its result. */
  const results = new Map<string, string>();
  let ordersSeen = 0;
  let eventsSinceLook = 0;

  const epochOf = (terminal: string, line: string): void => {
    const epoch = fieldOf(line, 'epoch');
    const holder = fieldOf(line, 'holder');
    if (epoch === '' || epoch === '0') return;
    const known = holderOf.get(epoch);
    if (known !== undefined && known !== holder) {
      throw new Broken('I3', `epoch ${epoch} has two holders, ${known} and ${holder}, at ${terminal}`);
    }
    holderOf.set(epoch, holder);
    const before = highest.get(terminal) ?? 0n;
    if (BigInt(epoch) < before) {
      throw new Broken('I3', `${terminal} took epoch ${epoch} of ${holder} after epoch ${before}`);
    }
    highest.set(terminal, BigInt(epoch));
  };

  const journalLine: Checkers['journalLine'] = (terminal, line) => {
    if (line.startsWith('FENCE ')) epochOf(terminal, line);
    if (line.startsWith('RESULT ')) promotion.forget(intentOf(fieldOf(line, 'cmd')));
    if (!line.startsWith('INTENT ')) return;
    epochOf(terminal, line);
    const command = fieldOf(line, 'cmd');
    lastCommand.set(terminal, command);
    const { world, redis } = system();
    world.note(`${terminal} will send ${command}`);
    const intent = intentOf(command);
    const holding = redis.names.filter((name) => holds(redis.state(name).disk.data, intent));
    if (holding.length < 2) {
      throw new Broken('I4', `${command} goes to the broker with its intent on ${holding.length} of 3 nodes`);
    }
    try {
      promotion.told(intent);
    } catch (error) {
      throw error instanceof Broken ? new Broken('I4', error.message) : error;
    }
  };

  const acknowledged: Checkers['acknowledged'] = ({ id }) =>
    promotion.told({ key: signalKey(id), field: 'id', what: id });

  const orderSend: Checkers['orderSend'] = (terminal) => {
    const { world } = system();
    const id = (lastCommand.get(terminal) ?? '').split('/')[0] ?? '';
    const row = told().get(id);
    if (row === undefined) throw new Broken('I4', `${terminal} sends ${id}, which no client asked for`);
    const acceptedBy = row.acknowledgedAtMs ?? Number.POSITIVE_INFINITY;
    if (world.now() > acceptedBy + row.ttlMs + CLOCK_TOLERANCE_MS) {
      throw new Broken(
        'I7',
        `${id} is sent ${Math.round(world.now() - acceptedBy)} ms after its acknowledgement`,
      );
    }
  };

  const always = (): void => {
    promotion.always();
    eventsSinceLook += 1;
    if (eventsSinceLook >= EVENTS_BETWEEN_LOOKS) look();
  };

  const look = (): void => {
    eventsSinceLook = 0;
    const { orders } = system().broker.ledger();
    if (orders.length === ordersSeen) return;
    ordersSeen = orders.length;
    const byMagic = new Map<string, string>();
    for (const order of orders) {
      if (order.magic === '0' || order.state === 'rejected') continue;
      const other = byMagic.get(order.magic);
      if (other !== undefined && other !== order.order) {
        throw new Broken('I2', `magic ${order.magic} has the orders ${other} and ${order.order}`);
      }
      byMagic.set(order.magic, order.order);
    }
  };

  const records: Checkers['records'] = (rows) => {
    for (const [index, { number, text }] of rows.entries()) {
      if (number !== `${index + 1}-0`) throw new Broken('I8', `record ${index + 1} has the number ${number}`);
      const before = seen.get(number);
      if (before !== undefined && before !== text) {
        throw new Broken('I8', `record ${number} was ${before} and is now ${text}`);
      }
      if (before !== undefined) continue;
      seen.set(number, text);
      const record = JSON.parse(text) as { kind: string; signalId: string };
      if (record.kind !== 'result') continue;
      const other = results.get(record.signalId);
      if (other !== undefined) {
        throw new Broken('I6', `${record.signalId} has two results, ${other} and ${number}`);
      }
      results.set(record.signalId, number);
    }
    if (rows.length < seen.size)
      throw new Broken('I8', `${seen.size - rows.length} records that were read are gone`);
  };

  const atTheEnd: Checkers['atTheEnd'] = (rows, states, faults) => {
    look();
    for (const { signal, acknowledgedAtMs } of rows) {
      if (acknowledgedAtMs === undefined || results.has(signal.id)) continue;
      const state = states.get(signal.id);
      if (state === undefined)
        throw new Broken('I1', `${signal.id} was acknowledged and is neither open nor finished`);
      if (state !== 'unknown') throw new Broken('LIVENESS', `${signal.id} is still ${state}`);
      if (!faults.some((fault) => MAY_LEAVE_UNKNOWN.has(fault))) {
        throw new Broken(
          'LIVENESS',
          `${signal.id} is unknown although nothing happened that hides an outcome`,
        );
      }
    }
  };

  const { onPrimary } = promotion;
  return {
    onPrimary,
    journalLine,
    orderSend,
    acknowledged,
    always,
    records,
    atTheEnd,
    orders: () => ordersSeen,
  };
}

const signalKey = (id: string): string => `hf:{${ACCOUNT}}:signal:${signalMagic(ACCOUNT, id)}`;

/** The intent of a command. Once the signal has its number, the intent has served its turn. */
function intentOf(command: string): ToldWrite {
  const key = signalKey(command.split('/')[0] ?? '');
  return {
    key: `hf:{${ACCOUNT}}:intents`,
    field: command,
    or: { key, field: 'number' },
    what: `the intent of ${command}`,
  };
}
