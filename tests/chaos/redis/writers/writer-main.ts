/**
 * A writer as the backend is one: it accepts signals through the product's own inbox and acknowledged writer, at a
 * fixed rate with several under way, and writes down what it was told of each. Steered by messages of its parent.
 *
 *   node writer-main.ts '{"name":"writer-1","nodes":[…],"password":"…","file":"…","perSecond":100}'
 */
import { appendFileSync } from 'node:fs';
import { type Endpoint, LIMITS } from '@holdfast/ha-core';
import { realHost } from '@holdfast/process';
import { createAcknowledgedWriter, createRedisNodes, createSignalInbox } from '@holdfast/redis';
import { monotonicMs } from '@holdfast/drill';
import { type Outcome, toLine } from './record.ts';

export type WriterOptions = {
  readonly name: string;
  readonly nodes: readonly Endpoint[];
  readonly password: string;
  readonly file: string;
  readonly perSecond: number;
};

export type ToWriter = { readonly do: 'write'; readonly account: string } | { readonly do: 'pause' };
export type FromWriter = { readonly is: 'ready' | 'drained' } | { readonly is: 'log'; readonly text: string };

const UNDER_WAY_MAX = 300;
const TICK_MS = 5;
const FLUSH_MS = 10;

const options = JSON.parse(process.argv[2] ?? '{}') as WriterOptions;
const tell = (message: FromWriter): void => void process.send?.(message);
const log = (event: string, detail: Record<string, unknown>): void =>
  tell({ is: 'log', text: `${event} ${JSON.stringify(detail)}` });

const writer = createAcknowledgedWriter({
  host: realHost,
  redis: createRedisNodes({ password: options.password }),
  nodes: options.nodes,
  log,
  onMissing: (call) => log('ALARM', { missing: call.keys }),
});
const inbox = createSignalInbox({ writer, reader: options.name });

let account: string | undefined;
let number = 0;
let sinceMs = 0;
let sent = 0;
let underWay = 0;
let lines = '';
let draining = false;

async function one(to: string): Promise<void> {
  number += 1;
  const id = `${options.name}-${number}`;
  const signal = { id, action: 'open', symbol: 'EURUSD', side: 'buy', volume: '0.01' } as const;
  const sentMs = monotonicMs();
  underWay += 1;
  let outcome: Outcome;
  let detail = '';
  try {
    const how = { ttlMs: LIMITS.ttlMs, by: options.name, deadlineMs: LIMITS.acceptanceDeadlineMs };
    const answer = await inbox.accept(to, signal, how);
    // A repeat of a new id is the writer's own earlier attempt.
    if (answer.is === 'accepted' || answer.is === 'repeat') outcome = 'acknowledged';
    else if (answer.is === 'not_stored' || answer.is === 'unknown')
      [outcome, detail] = [answer.is, answer.detail];
    else [outcome, detail] = ['wrong', answer.is];
  } catch (error) {
    [outcome, detail] = ['wrong', error instanceof Error ? error.message : String(error)];
  }
  underWay -= 1;
  lines += toLine({ writer: options.name, account: to, id, sentMs, toldMs: monotonicMs(), outcome, detail });
}

function tick(): void {
  if (account === undefined) return;
  const due = ((monotonicMs() - sinceMs) / 1000) * options.perSecond;
  while (sent < due) {
    sent += 1;
    // Beyond the bound a client is not served; the rate goes on, as it would with other clients.
    if (underWay < UNDER_WAY_MAX) void one(account);
  }
}

function flush(): void {
  if (lines !== '') appendFileSync(options.file, lines);
  lines = '';
  if (draining && underWay === 0) {
    draining = false;
    tell({ is: 'drained' });
  }
}

process.on('message', (message: ToWriter) => {
  if (message.do === 'write') {
    account = message.account;
    sinceMs = monotonicMs();
    sent = 0;
  } else {
    account = undefined;
    draining = true;
  }
});
// The parent is gone, or wants no more.
process.on('disconnect', () => process.exit(0));
setInterval(tick, TICK_MS);
setInterval(flush, FLUSH_MS);
tell({ is: 'ready' });
