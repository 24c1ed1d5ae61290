/**
 * After a restart: what became of commands with INTENT and no RESULT (I5). The broker's own records are read by magic;
 * what they show is the result. What they do not show stays open, because not found proves nothing.
 */
import type { TradeResult } from '@holdfast/bridge';
import {
  addDecimals,
  backOffMs,
  compareDecimals,
  decimal,
  formatDecimal,
  type Host,
} from '@holdfast/ha-core';
import { ZERO } from '../broker/money.ts';
import type { Deal } from '../broker/rows.ts';
import type { BrokerLink } from '../link/broker-link.ts';
import type { JournalIntent } from './journal-record.ts';
import type { JournalWriter } from './journal-writer.ts';
import type { Task } from './thread.ts';

const FIRST_MS = 250;
const MOST_MS = 5000;
/** Then it waits for the next connection: about an hour of looking. */
const LOOKS_MAX = 720;

export type ScanOptions = {
  readonly host: Host;
  readonly broker: BrokerLink;
  readonly writer: JournalWriter;
  readonly post: (task: Task) => boolean;
  readonly onFound: (result: TradeResult) => void;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

export type Scan = {
  /** Looks now, and again with a back-off while something is open. */
  readonly start: () => void;
  readonly stop: () => void;
};

/** A scan that rests until it is started. */
export function createScan(options: ScanOptions): Scan {
  const { host, broker, writer, post, onFound, log } = options;
  const open = new Map(writer.unresolved().map((intent) => [intent.commandId, intent]));
  let looks = 0;
  let isStopped = false;
  let cancel = (): void => {};

  const look = async (): Promise<void> => {
    for (const intent of open.values()) {
      if (!broker.connection().synced) break;
      const found = await findOutcome(broker, intent);
      if (isStopped) return;
      if (found === undefined) continue;
      open.delete(intent.commandId);
      const signalId = intent.commandId.slice(0, intent.commandId.lastIndexOf('/'));
      log('scan_found', { signalId, commandId: intent.commandId, order: found.order, deal: found.deal });
      onFound(found);
    }
    again();
  };
  const again = (): void => {
    if (isStopped || open.size === 0 || looks >= LOOKS_MAX) return;
    cancel();
    cancel = host.after(backOffMs(looks, FIRST_MS, MOST_MS, host.random()), () => {
      if (broker.connection().synced) post(look);
    });
    looks += 1;
  };
  return {
    start: () => {
      looks = 0;
      if (!isStopped && open.size > 0 && broker.connection().synced) post(look);
    },
    stop: () => {
      isStopped = true;
      cancel();
    },
  };
}

/** What the broker's records say of an intent; undefined when they say nothing. Requests without a magic are never found. */
export async function findOutcome(
  broker: BrokerLink,
  intent: JournalIntent,
): Promise<TradeResult | undefined> {
  const { command, magic, commandId } = intent;
  if (command.do !== 'deal' && command.do !== 'pending' && command.do !== 'close') return undefined;
  const none = {
    commandId,
    order: '0',
    deal: '0',
    position: '0',
    volume: '0',
    price: '0',
    text: 'found by scan',
  };
  if (command.do === 'pending') {
    const orders = (await broker.list('orders', { magic })) ?? [];
    const waiting = orders.find((order) => order.magic === magic);
    if (waiting !== undefined) {
      const { order, volume, price, placedAt } = waiting;
      return { ...none, retcode: 10009, order, volume, price, at: placedAt };
    }
    const done = (await broker.list('done', { magic }))?.[0];
    return done === undefined
      ? undefined
      : { ...none, retcode: done.state === 'rejected' ? 10006 : 10009, order: done.order, at: done.at };
  }
  const deals = ((await broker.list('deals', { magic })) ?? []).filter((deal) => isOwn(deal, command.do));
  const [first] = deals;
  if (first === undefined) return undefined;
  const volume = deals.reduce((sum, deal) => addDecimals(sum, decimal(deal.volume)), ZERO);
  const isWhole = compareDecimals(volume, decimal(command.volume)) >= 0;
  return {
    ...none,
    retcode: isWhole || command.do === 'close' ? 10009 : 10010,
    order: first.order,
    deal: first.deal,
    position: first.position,
    volume: formatDecimal(volume),
    price: first.price,
    at: first.at,
  };
}

/** Deals that a stop loss or the broker made later carry the same magic: they are not what the command did. */
function isOwn(deal: Deal, kind: 'deal' | 'close'): boolean {
  return deal.cause === 'expert' && (kind === 'deal' || deal.entry === 'out');
}
