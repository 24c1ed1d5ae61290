/**
 * The lines between a simulated terminal and the simulated broker's process: one JSON object a line. Both ends are
 * this package; the protocol that others implement is that of the bridge.
 */
import { z } from 'zod';
import type { ListFilter, ListRows, Quote, TradeReply, TradeRequest } from '../broker/requests.ts';
import type { BrokerOrder, BrokerPosition } from '../broker/ledger.ts';
import type { BrokerConnection, BrokerNotice } from './broker-link.ts';

/** From the terminal. */
export type TerminalLine =
  | { readonly is: 'login'; readonly account: string; readonly terminal: string }
  | { readonly is: 'send'; readonly id: number; readonly request: TradeRequest }
  | { readonly is: 'list'; readonly id: number; readonly what: keyof ListRows; readonly filter: ListFilter }
  | { readonly is: 'position'; readonly id: number; readonly identifier: string }
  | { readonly is: 'order'; readonly id: number; readonly ticket: string }
  | { readonly is: 'quote'; readonly id: number; readonly symbol: string };

/** From the broker. `null` stands for what cannot be known. */
export type BrokerLine =
  | { readonly is: 'welcome'; readonly connection: BrokerConnection }
  | { readonly is: 'refused'; readonly why: string }
  | { readonly is: 'reply'; readonly id: number; readonly reply: TradeReply }
  | {
      readonly is: 'rows';
      readonly id: number;
      readonly rows: readonly unknown[] | null;
      readonly last: boolean;
    }
  | { readonly is: 'position'; readonly id: number; readonly found: BrokerPosition | 'gone' | null }
  | { readonly is: 'order'; readonly id: number; readonly found: BrokerOrder | 'gone' | null }
  | {
      readonly is: 'quote';
      readonly id: number;
      readonly quote: (Quote & { readonly digits: number }) | null;
    }
  | { readonly is: 'notice'; readonly notice: BrokerNotice };

/** Rows in one line, so that no line is longer than a link carries. */
export const ROWS_IN_A_LINE = 100;

/** Writes a line; what is not ASCII is escaped. */
export function printLine(line: TerminalLine | BrokerLine): string {
  return JSON.stringify(line).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const id = z.int().min(1);
const side = z.enum(['buy', 'sell']);
const shortText = z.string().max(64);
const number = z.string().regex(/^-?\d{1,15}(\.\d{1,10})?$/);
const filling = z.enum(['fok', 'ioc', 'return']);
const stops = { stopLoss: number, takeProfit: number };
const marks = { magic: z.string().regex(/^\d{1,20}$/), comment: z.string().max(64) };

const requestSchema = z.discriminatedUnion('action', [
  z.strictObject({
    action: z.literal('deal'),
    symbol: shortText,
    side,
    volume: number,
    ...stops,
    deviation: z.number(),
    filling,
    ...marks,
    position: shortText,
  }),
  z.strictObject({
    action: z.literal('pending'),
    symbol: shortText,
    side,
    type: z.enum(['limit', 'stop']),
    volume: number,
    price: number,
    ...stops,
    filling,
    ...marks,
    expiresAt: z.number(),
  }),
  z.strictObject({ action: z.literal('sltp'), symbol: shortText, position: shortText, ...stops }),
  z.strictObject({
    action: z.literal('modify'),
    symbol: shortText,
    order: shortText,
    price: number,
    ...stops,
  }),
  z.strictObject({ action: z.literal('remove'), symbol: shortText, order: shortText }),
]);

const terminalLineSchema = z.discriminatedUnion('is', [
  z.strictObject({ is: z.literal('login'), account: shortText, terminal: shortText }),
  z.strictObject({ is: z.literal('send'), id, request: requestSchema }),
  z.strictObject({
    is: z.literal('list'),
    id,
    what: z.enum(['positions', 'orders', 'deals', 'done', 'symbols']),
    filter: z.strictObject({
      since: z.number().exactOptional(),
      magic: shortText.exactOptional(),
      cancelled: z.literal(true).exactOptional(),
    }),
  }),
  z.strictObject({ is: z.literal('position'), id, identifier: shortText }),
  z.strictObject({ is: z.literal('order'), id, ticket: shortText }),
  z.strictObject({ is: z.literal('quote'), id, symbol: shortText }),
]);

/** Reads a terminal's line, which another process wrote: undefined when it is out of form. */
export function parseTerminalLine(line: string): TerminalLine | undefined {
  const parsed = terminalLineSchema.safeParse(jsonOf(line));
  return parsed.success ? parsed.data : undefined;
}

/** Reads a broker's line: undefined when it is no object of ours. */
export function parseBrokerLine(line: string): BrokerLine | undefined {
  const value = jsonOf(line);
  return typeof value === 'object' && value !== null && 'is' in value ? (value as BrokerLine) : undefined;
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
