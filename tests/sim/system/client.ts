/** A client of the simulation: sends signals through the product's own writer and inbox, and remembers what it was told. */
import type { Signal } from '@holdfast/ha-core';
import { accountKeys, createAcknowledgedWriter, createSignalInbox, type Acceptance } from '@holdfast/redis';
import type { System } from './system.ts';
import { ACCOUNT } from './system.ts';

export type Told = {
  readonly signal: Signal;
  readonly ttlMs: number;
  /** World time of the first attempt, and of the acknowledgement if there was one. */
  readonly askedAtMs: number;
  acknowledgedAtMs: number | undefined;
  readonly answers: Acceptance[];
  /** It is not asked for any more: acknowledged, refused, or asked for too often in vain. */
  ended: boolean;
};

/** A record of RTRS as an acknowledged reader saw it: its number and its text. */
export type ReadRecord = { readonly number: string; readonly text: string };

export type Client = {
  readonly told: ReadonlyMap<string, Told>;
  /** Sends a signal and repeats it, with the same id, until it is acknowledged or refused. */
  readonly send: (signal: Signal, ttlMs: number) => Promise<void>;
  /** All records, as the console would read them; undefined when Redis cannot be read now. */
  readonly records: () => Promise<readonly ReadRecord[] | undefined>;
};

const ATTEMPTS_MAX = 20;

/** Starts a client process; each acknowledgement is told at the moment at which the client learns of it. */
export function startClient(system: System, name: string, onAcknowledged: (signal: Signal) => void): Client {
  const { world } = system;
  const process = system.world.start(name);
  const writer = createAcknowledgedWriter({
    host: process.host,
    redis: system.redis.nodesFor(process),
    nodes: system.redis.endpoints,
    log: (event, detail) => world.note(`${name} ${event} ${JSON.stringify(detail)}`),
  });
  const inbox = createSignalInbox({ writer, reader: name });
  const told = new Map<string, Told>();
  const keys = accountKeys(ACCOUNT);

  const send = async (signal: Signal, ttlMs: number): Promise<void> => {
    const row: Told = {
      signal,
      ttlMs,
      askedAtMs: world.now(),
      acknowledgedAtMs: undefined,
      answers: [],
      ended: false,
    };
    told.set(signal.id, row);
    await ask(row);
    row.ended = true;
  };

  const ask = async (row: Told): Promise<void> => {
    const { signal, ttlMs } = row;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const answer = await inbox.accept(ACCOUNT, signal, { ttlMs, by: name, deadlineMs: 3000 });
      row.answers.push(answer);
      world.note(`${name} ${signal.id} ${signal.action}: ${answer.is}`);
      if (answer.is === 'accepted' || answer.is === 'repeat') {
        row.acknowledgedAtMs = world.now();
        onAcknowledged(signal);
        return;
      }
      if (answer.is === 'conflict' || answer.is === 'collision') return;
      await new Promise<void>((resolve) => {
        process.host.after(200, resolve);
      });
    }
  };

  const records = async (): Promise<readonly ReadRecord[] | undefined> => {
    const mark = { name: 'hf_mark', keys: [keys.marks], args: [name, 'records'] };
    const read = await writer.read([['XRANGE', keys.rtrs, '-', '+']], mark);
    if (read.is !== 'acknowledged' || !Array.isArray(read.replies[0])) return undefined;
    return (read.replies[0] as [string, string[]][]).map(([id, fields]) => ({
      number: id,
      text: String(fields[1]),
    }));
  };

  return { told, send, records };
}
