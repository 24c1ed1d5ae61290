/**
 * The floor of the whole journey: accept, a blocked XREAD wakes, durable intent, echo over TCP, durable result, a
 * blocked XREAD of the reader wakes. All in one process, but for the echo: there is no faster way to say the same.
 */
import { connect, type Socket } from 'node:net';
import { runClosedLoop, type Timings } from '../load/closed-loop.ts';
import { acceptCommand, finishCommand, intendCommand, key, magicOf, takeCommand } from './commands.ts';
import { type Connection, openConnection } from './connection.ts';
import type { FloorJob } from './floor-main.ts';
import { createGroups, type Groups } from './groups.ts';
import { encode, type Reply } from './resp.ts';

/** Runs the loop; every part of it has a connection of its own, as its process would. */
export async function runFloorJourney(job: FloorJob): Promise<Timings> {
  const open = (): Promise<Connection> => openConnection(job.redisPort);
  const [backend, engine, signals, results] = await Promise.all([open(), open(), open(), open()]);
  const connections = [backend, engine, signals, results];
  const accepting = createGroups(backend);
  const writing = createGroups(engine);
  const accounts = job.accounts.slice(0, job.inFlight);
  const broker = await openEcho(job.echoPort);
  const ended = new Map<string, () => void>();
  let over = false;
  try {
    for (const account of accounts) await writing.put(takeCommand(account));
    const failed = Promise.race([
      follow(
        signals,
        accounts,
        'rtss',
        (entry) => void carryOut(entry, writing, broker),
        () => over,
      ),
      follow(
        results,
        accounts,
        'rtrs',
        (entry) => finish(entry, ended),
        () => over,
      ),
    ]);
    const loop = runClosedLoop(job, async (number, place) => {
      const account = accounts[place % accounts.length] ?? '';
      const id = `${job.tag}-${number}`;
      const magic = magicOf(job.firstMagic + number);
      const seen = new Promise<void>((resolve) => {
        ended.set(magic, resolve);
      });
      await accepting.put(acceptCommand(account, id, magic, 'backend-1'));
      await seen;
    });
    const timings = await Promise.race([loop, failed]);
    if (timings === undefined) throw new Error('a reader of the floor ended before its time');
    return timings;
  } finally {
    over = true;
    broker.close();
    for (const connection of connections) connection.close();
  }
}

type Entry = { readonly account: string; readonly id: string; readonly fields: readonly string[] };

const field = (entry: Entry, name: string): string => entry.fields[entry.fields.indexOf(name) + 1] ?? '';

/** What the engine does with a signal. */
async function carryOut(entry: Entry, writing: Groups, broker: Echo): Promise<void> {
  const { account } = entry;
  const signalId = field(entry, 'id');
  const magic = field(entry, 'magic');
  const at = Date.now();
  await writing.put(intendCommand(account, signalId, magic, at));
  await broker.send(magic);
  const reply = await writing.put(finishCommand(account, signalId, magic, entry.id, at));
  if (!Array.isArray(reply) || reply[0] !== 'ok') throw new Error(`hf_finish replied ${String(reply)}`);
}

function finish(entry: Entry, ended: Map<string, () => void>): void {
  const { magic } = JSON.parse(field(entry, 'record')) as { magic: string };
  ended.get(magic)?.();
  ended.delete(magic);
}

/** Follows one stream of each account from its end on. Resolves when it was closed in order. */
async function follow(
  connection: Connection,
  accounts: readonly string[],
  stream: 'rtss' | 'rtrs',
  take: (entry: Entry) => void,
  over: () => boolean,
): Promise<undefined> {
  const accountOf = new Map(accounts.map((account) => [key(account, stream), account]));
  const keys = [...accountOf.keys()];
  const last = new Map<string, string>();
  for (const name of keys) {
    const [newest] = await connection.send(encode('XREVRANGE', name, '+', '-', 'COUNT', '1'), 1);
    const [row] = Array.isArray(newest) ? newest : [];
    last.set(name, Array.isArray(row) ? String(row[0]) : '0-0');
  }
  while (!over()) {
    const ids = keys.map((name) => last.get(name) ?? '0-0');
    const command = encode('XREAD', 'COUNT', '500', 'BLOCK', '1000', 'STREAMS', ...keys, ...ids);
    const [reply] = await connection.send(command, 1).catch((error: unknown) => {
      if (over()) return [null];
      throw error;
    });
    for (const part of Array.isArray(reply) ? reply : []) {
      for (const entry of entriesOf(part, accountOf)) {
        last.set(key(entry.account, stream), entry.id);
        take(entry);
      }
    }
  }
  return undefined;
}

function entriesOf(part: Reply, accountOf: ReadonlyMap<string, string>): Entry[] {
  const [name, rows] = Array.isArray(part) ? part : [];
  const account = accountOf.get(String(name)) ?? '';
  return (Array.isArray(rows) ? rows : []).map((row) => {
    const [id, fields] = Array.isArray(row) ? row : [];
    return { account, id: String(id), fields: Array.isArray(fields) ? fields.map(String) : [] };
  });
}

type Echo = { readonly send: (line: string) => Promise<void>; readonly close: () => void };

function openEcho(port: number): Promise<Echo> {
  return new Promise((resolve, reject) => {
    const waiting = new Map<string, () => void>();
    let rest = '';
    const socket: Socket = connect({ host: '127.0.0.1', port, noDelay: true });
    socket.setEncoding('latin1');
    socket.once('error', reject);
    socket.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        waiting.get(line)?.();
        waiting.delete(line);
      }
    });
    socket.once('connect', () =>
      resolve({
        send: (line) =>
          new Promise((settle) => {
            waiting.set(line, settle);
            socket.write(`${line}\n`);
          }),
        close: () => socket.destroy(),
      }),
    );
  });
}
