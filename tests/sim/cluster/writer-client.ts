/**
 * A client of the cluster simulation: writes without end through the product's own writer, repeats what is not certain by
 * the same id, and now and then reads what others wrote. What it is told, and what it reads, it takes for stored.
 */
import { sleep } from '@holdfast/ha-core';
import { accountKeys, createAcknowledgedWriter, type FunctionCall } from '@holdfast/redis';
import type { VirtualProcess, World } from '@holdfast/simulation';
import type { ToldWrite } from '../checkers/promotable.ts';
import type { Machines } from '../redis/machines.ts';

export type WriterClient = {
  readonly name: string;
  readonly process: VirtualProcess;
  /** World time of its last acknowledgement. */
  readonly acknowledgedAtMs: () => number;
  readonly acknowledged: () => number;
  readonly read: () => number;
  /** Writes that were acknowledged, and missing when they were written again. */
  readonly missing: () => number;
  readonly stop: () => void;
};

const ACCOUNT = 'demo';
const PAUSE_MS = [10, 160] as const;
/** Every so many writes it reads. */
const READ_EVERY = 8;
const READ_COUNT = '20';
const WITHIN_MS = 3000;

/** Starts the process; `told` is called at the moment at which it learns of something. */
export function startWriterClient(
  world: World,
  machines: Machines,
  name: string,
  told: (write: ToldWrite) => void,
): WriterClient {
  const process = world.start(name);
  const { host } = process;
  const random = world.chance(`writes of ${name}`);
  const keys = accountKeys(ACCOUNT);
  let stopped = false;
  let acknowledgedAtMs = 0;
  let acknowledged = 0;
  let seen = 0;
  let missing = 0;
  const writer = createAcknowledgedWriter({
    host,
    redis: machines.redis.nodesFor(process),
    nodes: machines.redis.endpoints,
    log: (event, detail) => world.note(`${name} ${event} ${JSON.stringify(detail)}`),
    onMissing: () => {
      missing += 1;
    },
  });

  const write = async (id: string): Promise<void> => {
    const key = keys.signal(id);
    const args = [id, 'digest', '{}', id, '60000', name];
    const call: FunctionCall = {
      name: 'hf_accept',
      keys: [key, keys.rtss, keys.account],
      args,
      knownBefore: (reply) => !Array.isArray(reply) || reply[0] !== 'accepted',
    };
    for (;;) {
      const outcome = await writer.writeUntil(call, WITHIN_MS);
      if (stopped) return;
      if (outcome.is === 'acknowledged') break;
      world.note(`${name} ${id}: ${outcome.is}`);
      await sleep(host, 100);
    }
    acknowledged += 1;
    acknowledgedAtMs = world.now();
    told({ key, field: 'id', what: id });
  };

  const read = async (position: string): Promise<void> => {
    const mark = { name: 'hf_mark', keys: [keys.marks], args: [name, position] };
    const outcome = await writer.read([['XREVRANGE', keys.rtss, '+', '-', 'COUNT', READ_COUNT]], mark);
    if (stopped || outcome.is !== 'acknowledged' || !Array.isArray(outcome.replies[0])) return;
    for (const [, fields] of outcome.replies[0] as readonly (readonly [string, readonly string[]])[]) {
      const id = fields[fields.indexOf('id') + 1] ?? '';
      seen += 1;
      told({ key: keys.signal(id), field: 'id', what: `${id}, which ${name} has read` });
    }
  };

  const run = async (): Promise<void> => {
    for (let count = 1; !stopped; count += 1) {
      await write(`${name}-${count}`);
      if (count % READ_EVERY === 0) await read(String(count));
      const [least, most] = PAUSE_MS;
      await sleep(host, least + random() * (most - least));
    }
  };
  void run();

  return {
    name,
    process,
    acknowledgedAtMs: () => acknowledgedAtMs,
    acknowledged: () => acknowledged,
    read: () => seen,
    missing: () => missing,
    stop: () => {
      stopped = true;
      void writer.stop();
    },
  };
}
