/**
 * The floor of the whole journey: accept, a blocked XREAD wakes, durable intent, echo over TCP, durable result, a
 * blocked XREAD of the reader wakes; ended when the reader has seen it and both replicas have it. All in one process,
 * but for the echo: there is no faster way to say the same.
 */
import { runClosedLoop, type Timings } from '../load/closed-loop.ts';
import { acceptCommand, finishCommand, intendCommand, key, magicOf, takeCommand } from './commands.ts';
import { type Connection, openConnection } from './connection.ts';
import { type Echo, openEcho } from './echo-client.ts';
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
  const carried = new Map<string, Promise<void>>();
  let over = false;
  try {
    for (const account of accounts) await writing.put(takeCommand(account));
    const [oldSignals, oldResults] = [
      await newestOf(signals, accounts, 'rtss'),
      await newestOf(results, accounts, 'rtrs'),
    ];
    const begin = (entry: Entry): void => {
      carried.set(field(entry, 'magic'), carryOut(entry, writing, broker));
    };
    const failed = Promise.race([
      follow(signals, accounts, 'rtss', oldSignals, begin, () => over),
      follow(
        results,
        accounts,
        'rtrs',
        oldResults,
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
      await carried.get(magic);
      carried.delete(magic);
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

type Stream = 'rtss' | 'rtrs';
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

/** The newest entry of one stream of each account, by key: what comes later is followed. */
async function newestOf(
  connection: Connection,
  accounts: readonly string[],
  stream: Stream,
): Promise<Map<string, string>> {
  const last = new Map<string, string>();
  for (const account of accounts) {
    const name = key(account, stream);
    const [newest] = await connection.send(encode('XREVRANGE', name, '+', '-', 'COUNT', '1'), 1);
    const [row] = Array.isArray(newest) ? newest : [];
    last.set(name, Array.isArray(row) ? String(row[0]) : '0-0');
  }
  return last;
}

/** Follows one stream of each account from the entries given. Resolves when it was closed in order. */
async function follow(
  connection: Connection,
  accounts: readonly string[],
  stream: Stream,
  last: Map<string, string>,
  take: (entry: Entry) => void,
  over: () => boolean,
): Promise<undefined> {
  const accountOf = new Map(accounts.map((account) => [key(account, stream), account]));
  const keys = [...accountOf.keys()];
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
