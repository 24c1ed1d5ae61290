/**
 * RTSS for engines: hands on every signal that stands in the streams of its accounts, as soon as it is there, and all
 * of them again after each change of connection (so that nothing is missed when a new primary's stream is shorter).
 * The same entry may therefore come twice; whoever takes it knows entries by id. What comes here is not acknowledged
 * yet: the engine's intent is the write that waits for the set before anything is acted on.
 */
import { backOffMs, type Command, type Host, RedisError, type RedisReply, sleep } from '@holdfast/ha-core';
import { accountKeys } from './keys.ts';
import type { PrimaryConnection } from './primary-connection.ts';
import { readEntries } from './account-snapshot.ts';
import type { AcceptedSignal } from './trade-journal.ts';

export type SignalFollowerOptions = {
  readonly host: Host;
  /** A connection of its own: it blocks. */
  readonly connection: PrimaryConnection;
  readonly accounts: readonly string[];
  readonly onSignals: (account: string, signals: readonly AcceptedSignal[]) => void;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

const BLOCK_MS = 1000;
const ENTRIES_MAX = 500;

/** Starts following; returns a function that ends it. */
export function followSignals(options: SignalFollowerOptions): () => void {
  let stopped = false;
  void follow(options, () => stopped);
  return () => {
    stopped = true;
    options.connection.stop();
  };
}

async function follow(options: SignalFollowerOptions, stopped: () => boolean): Promise<void> {
  const accountOf = new Map(options.accounts.map((account) => [accountKeys(account).rtss, account]));
  const last = new Map<string, string>();
  let connection = 0;
  let failures = 0;
  while (!stopped()) {
    const streams = [...accountOf.keys()];
    const command: Command = [
      'XREAD',
      'COUNT',
      String(ENTRIES_MAX),
      'BLOCK',
      String(BLOCK_MS),
      'STREAMS',
      ...streams,
      ...streams.map((stream) => last.get(stream) ?? '0-0'),
    ];
    try {
      const answer = await options.connection.run([command], BLOCK_MS + 500);
      if (answer.connection !== connection) {
        connection = answer.connection;
        if (last.size > 0) {
          last.clear();
          continue;
        }
      }
      const [reply] = answer.replies;
      if (reply instanceof RedisError) throw reply;
      failures = 0;
      take(reply ?? null, accountOf, last, options);
    } catch (error) {
      if (stopped()) return;
      if (failures % 20 === 0) options.log('signals_unreadable', { reason: String(error) });
      await sleep(options.host, backOffMs(failures, 10, 200, options.host.random()));
      failures += 1;
    }
  }
}

function take(
  reply: RedisReply,
  accountOf: ReadonlyMap<string, string>,
  last: Map<string, string>,
  options: SignalFollowerOptions,
): void {
  if (!Array.isArray(reply)) return;
  for (const part of reply as readonly RedisReply[]) {
    if (!Array.isArray(part)) continue;
    const [stream, entries] = part as readonly RedisReply[];
    const account = accountOf.get(String(stream));
    const signals = readEntries(entries);
    const newest = signals.at(-1);
    if (account === undefined || newest === undefined) continue;
    last.set(String(stream), newest.entry);
    options.onSignals(account, signals);
  }
}
