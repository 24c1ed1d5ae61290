/**
 * What must hold, whatever happens. A checker looks at what leaves the system (journal lines, orders at the broker,
 * what clients were told, the stored records) and imports none of the rules that it checks, but for a signal's magic.
 *
 * promotable.ts  I1 what a client is told is stored is on every node that could be promoted, and is never lost.
 * trading.ts     I2 one order per magic at the broker. I3 no command of a lower epoch after a higher one, no epoch with two
 *                holders, none without the trading role in its epoch, none for another account at the broker. I4 each command given to the broker had its intent on two
 *                nodes before. I5 no command is sent again whose outcome is not a certain NO. I7 nothing is sent past its
 *                time to live, and a close only closes.
 * stored.ts      I6 one result per signal, never changed, and it says what the broker has. I8 numbers contiguous from 1,
 *                the same number never with other content, each deal once, and at the end none missing: deals of ours, and
 *                what the broker took back of them.
 *
 * I9 is held by the tests of the backend and the console, I10 by the faults themselves: none of these may break.
 */
import { type Signal, signalMagic } from '@holdfast/ha-core';
import type { TradeRequest } from '@holdfast/mt5-sim';
import type { ReadRecord, Told } from '../system/client.ts';
import { ACCOUNT, type System } from '../system/system.ts';
import { Broken } from './broken.ts';
import { createPromotionChecker, type PromotionChecker, type ToldWrite } from './promotable.ts';
import { createStoredChecker } from './stored.ts';
import { createTradingChecker, type TradingChecker } from './trading.ts';

export type Checkers = Pick<PromotionChecker, 'onPrimary'> &
  Pick<TradingChecker, 'journalLine' | 'orderSend' | 'orders'> & {
    /** A client learns that its signal is stored. */
    readonly acknowledged: (signal: Signal) => void;
    /** After every event. */
    readonly always: () => void;
    /** Whenever a reader has read all records. */
    readonly records: (rows: readonly ReadRecord[]) => void;
    /** Every deal of a signal that has its result is among the records that were read. */
    readonly allRecorded: () => boolean;
    /** When everything is whole again and has had time to finish. */
    readonly atTheEnd: (
      told: Iterable<Told>,
      states: ReadonlyMap<string, string>,
      faults: readonly string[],
    ) => void;
  };

/** Faults after which an outcome can stay unproven, so that only a person can end it (I5). */
export const MAY_LEAVE_UNKNOWN = new Set([
  'drop request',
  'error',
  'crash at a point',
  'terminal crash',
  'terminal loses its disk',
  'manual close',
]);

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
  const trading = createTradingChecker({ system, told, promotion, intentOf });
  const stored = createStoredChecker();

  const atTheEnd: Checkers['atTheEnd'] = (rows, states, faults) => {
    trading.look();
    stored.compare(system().broker.ledger());
    const { positions, deals } = system().broker.ledger();
    // One that was turned round kept its identifier, and what it was before is closed.
    const turned = new Set(deals.flatMap(({ entry, position }) => (entry === 'inout' ? [position] : [])));
    const open = new Set(positions.flatMap(({ position }) => (turned.has(position) ? [] : [position])));
    for (const { signal, acknowledgedAtMs } of rows) {
      const claimed = stored.reasonOf(signal.id) === 'broker_position_closed' ? signal.position : undefined;
      if (claimed !== undefined && open.has(claimed))
        throw new Broken('I6', `${signal.id} is told that position ${claimed} is closed, and it is open`);
      if (acknowledgedAtMs === undefined || stored.hasResult(signal.id)) continue;
      const state = states.get(signal.id);
      if (state === undefined)
        throw new Broken('I1', `${signal.id} was acknowledged and is neither open nor finished`);
      if (state !== 'unknown') throw new Broken('LIVENESS', `${signal.id} is still ${state}`);
      const mayBe = faults.some((fault) => MAY_LEAVE_UNKNOWN.has(fault));
      if (
        !mayBe &&
        !system()
          .broker.unheard()
          .some((request) => isOf(request, signal))
      ) {
        throw new Broken(
          'LIVENESS',
          `${signal.id} is unknown although nothing happened that hides an outcome`,
        );
      }
    }
  };

  return {
    onPrimary: promotion.onPrimary,
    journalLine: trading.journalLine,
    orderSend: trading.orderSend,
    orders: trading.orders,
    acknowledged: ({ id }) => promotion.told({ key: signalKey(id), field: 'id', what: id }),
    always: () => {
      promotion.always();
      trading.always();
    },
    records: stored.records,
    allRecorded: () => stored.unrecorded(system().broker.ledger()) === undefined,
    atTheEnd,
  };
}

/** Whether a request is one of the signal: by its magic, or, where it carries none, by being a change of an order or position. */
function isOf(request: TradeRequest, signal: Signal): boolean {
  if ('magic' in request) return request.magic === signalMagic(ACCOUNT, signal.id);
  return signal.action === 'modify' || signal.action === 'cancel';
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
