/**
 * What is given to the broker, and by whom (I2 to I5, I7): read from the lines of the bridges' journals, from the requests
 * that terminals send, and from the broker's own book.
 */
import type { TradeRequest } from '@holdfast/mt5-sim';
import type { Told } from '../system/client.ts';
import { LOGIN, type System } from '../system/system.ts';
import { Broken } from './broken.ts';
import { holds, type PromotionChecker, type ToldWrite } from './promotable.ts';

export type TradingChecker = {
  /** A line that a terminal's journal has made durable. */
  readonly journalLine: (terminal: string, line: string) => void;
  /** A request that a terminal gives to the broker. */
  readonly orderSend: (terminal: string, request: TradeRequest, login: string) => void;
  /** After every event. */
  readonly always: () => void;
  /** Reads the broker's book now. */
  readonly look: () => void;
  /** How many orders the broker has. */
  readonly orders: () => number;
};

export type TradingCheckerParts = {
  readonly system: () => System;
  readonly told: () => ReadonlyMap<string, Told>;
  readonly promotion: Pick<PromotionChecker, 'told' | 'forget'>;
  readonly intentOf: (command: string) => ToldWrite;
};

/** The broker's book is read anew after so many events: an order stays in it, so nothing is missed. */
const EVENTS_BETWEEN_LOOKS = 50;
/** Wall clocks of machines may differ by so much, and two boots of monotonic clocks by so little. */
const CLOCK_TOLERANCE_MS = 100;
/** Codes of MT5 by which a request was surely not executed, and may be tried again. */
const CERTAIN_NO = new Set('10004 10017 10018 10020 10021 10023 10024 10026 10027 10029 10039'.split(' '));

const fieldOf = (line: string, name: string): string =>
  new RegExp(`(?:^| )${name}=([^ ]*)`).exec(line)?.[1] ?? '';
const signalOf = (command: string): string => command.split('/')[0] ?? '';

/** Nothing was sent yet. */
export function createTradingChecker({
  system,
  told,
  promotion,
  intentOf,
}: TradingCheckerParts): TradingChecker {
  const holderOf = new Map<string, string>();
  const highest = new Map<string, bigint>();
  /** The last fence of each terminal's journal, as its line. */
  const fences = new Map<string, string>();
  const lastCommand = new Map<string, string>();
  /** Commands that were given to OrderSend, by signal, with the return code once there is one. */
  const given = new Map<string, Map<string, string | undefined>>();
  let ordersSeen = 0;
  let dealsSeen = 0;
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

  const judgeRole = (terminal: string, line: string): void => {
    const fence = fences.get(terminal) ?? '';
    const same = ['epoch', 'holder'].every((name) => fieldOf(fence, name) === fieldOf(line, name));
    if (same && fieldOf(fence, 'trade') === '1') return;
    const command = fieldOf(line, 'cmd');
    throw new Broken('I3', `${terminal} sends ${command} without the role in its epoch, after '${fence}'`);
  };

  const judgeAttempts = (command: string): void => {
    const attempts = given.get(signalOf(command)) ?? new Map<string, string | undefined>();
    given.set(signalOf(command), attempts);
    for (const [other, retcode] of attempts) {
      if (retcode !== undefined && CERTAIN_NO.has(retcode) && other !== command) continue;
      throw new Broken(
        'I5',
        `${command} is sent after ${other}, which ended ${retcode ?? 'without an answer'}`,
      );
    }
    attempts.set(command, undefined);
  };

  const judgeIntent = (command: string): void => {
    const { redis } = system();
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

  const look = (): void => {
    eventsSinceLook = 0;
    const { orders, deals } = system().broker.ledger();
    if (orders.length === ordersSeen && deals.length === dealsSeen) return;
    [ordersSeen, dealsSeen] = [orders.length, deals.length];
    const byMagic = new Map<string, string>();
    for (const order of orders) {
      if (order.magic === '0' || order.state === 'rejected') continue;
      const other = byMagic.get(order.magic);
      if (other !== undefined && other !== order.order) {
        throw new Broken('I2', `magic ${order.magic} has the orders ${other} and ${order.order}`);
      }
      byMagic.set(order.magic, order.order);
    }
    judgeCloses(deals);
  };

  /** I7: what a close does at the broker takes away, and nothing else. */
  const judgeCloses = (deals: ReturnType<System['broker']['ledger']>['deals']): void => {
    const closes = new Map(
      [...told().values()].flatMap(({ signal }) =>
        signal.action === 'close'
          ? [[intentOf(`${signal.id}/1`).or?.key.split(':').at(-1) ?? '', signal.id]]
          : [],
      ),
    );
    for (const { magic, entry, deal } of deals) {
      const id = closes.get(magic);
      if (id !== undefined && entry !== 'out' && entry !== 'out_by') {
        throw new Broken('I7', `${id} is a close, and its deal ${deal} is '${entry}'`);
      }
    }
  };

  return {
    journalLine: (terminal, line) => {
      if (line.startsWith('JOURNAL ')) {
        // A new one: what the terminal had known is gone.
        highest.delete(terminal);
        fences.delete(terminal);
      }
      if (line.startsWith('FENCE ')) {
        epochOf(terminal, line);
        fences.set(terminal, line);
      }
      if (line.startsWith('RESULT ')) {
        const command = fieldOf(line, 'cmd');
        promotion.forget(intentOf(command));
        const attempts = given.get(signalOf(command));
        if (attempts?.has(command) === true) attempts.set(command, fieldOf(line, 'retcode'));
      }
      if (!line.startsWith('INTENT ')) return;
      epochOf(terminal, line);
      const command = fieldOf(line, 'cmd');
      lastCommand.set(terminal, command);
      system().world.note(`${terminal} will send ${command}`);
      judgeIntent(command);
      judgeRole(terminal, line);
      judgeAttempts(command);
    },
    orderSend: (terminal, { action }, login) => {
      if (login !== LOGIN)
        throw new Broken('I3', `${terminal} sends a ${action} for another account, ${login}`);
      const { world } = system();
      const id = signalOf(lastCommand.get(terminal) ?? '');
      const row = told().get(id);
      if (row === undefined) throw new Broken('I4', `${terminal} sends ${id}, which no client asked for`);
      const acceptedBy = row.acknowledgedAtMs ?? Number.POSITIVE_INFINITY;
      if (world.now() > acceptedBy + row.ttlMs + CLOCK_TOLERANCE_MS) {
        throw new Broken(
          'I7',
          `${id} is sent ${Math.round(world.now() - acceptedBy)} ms after its acknowledgement`,
        );
      }
    },
    always: () => {
      eventsSinceLook += 1;
      if (eventsSinceLook >= EVENTS_BETWEEN_LOOKS) look();
    },
    look,
    orders: () => ordersSeen,
  };
}
