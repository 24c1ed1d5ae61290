/**
 * A plain client of stock Redis and Sentinel: finds the primary through the Sentinels, writes with SET and WAIT 1, one
 * write at a time, and writes down when which write was acknowledged. It uses the tests' own RESP client only.
 *
 *   node client-main.ts '{"sentinels":[…],"name":"mymaster","password":"…","file":"…","account":"…"}'
 */
import { appendFileSync } from 'node:fs';
import { monotonicMs, pause } from '@holdfast/drill';
import { type Address, askOnce, isError, listOf, openResp, type Resp, textOf } from '../resp.ts';
import { type Outcome, toLine } from '../writers/record.ts';

export type StockClientOptions = {
  readonly sentinels: readonly Address[];
  readonly name: string;
  readonly password: string;
  readonly file: string;
  readonly account: string;
};

const WRITE_MS = 500;
const FIND_MS = 100;
const BETWEEN_MS = 5;

const options = JSON.parse(process.argv[2] ?? '{}') as StockClientOptions;
let next = 0;

/** The primary that a Sentinel names, if it answers as one; the Sentinels are asked in turn. */
async function find(): Promise<Resp | undefined> {
  const sentinel = options.sentinels[(next += 1) % options.sentinels.length];
  if (sentinel === undefined) return undefined;
  try {
    const [named] = await askOnce(
      sentinel,
      options.password,
      [['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', options.name]],
      FIND_MS,
    );
    const [host, port] = listOf(named);
    const resp = await openResp({ host: textOf(host), port: Number(port) }, options.password, FIND_MS);
    const [role] = await resp.ask([['ROLE']], FIND_MS);
    if (listOf(role)[0] === 'master') return resp;
    resp.close();
  } catch {
    // Dead, frozen or just changing: asked again.
  }
  return undefined;
}

async function write(on: Resp, number: number): Promise<Outcome> {
  const replies = await on.ask(
    [
      ['SET', `stock:${options.account}:${number}`, String(number)],
      ['WAIT', '1', String(WRITE_MS - 100)],
    ],
    WRITE_MS,
  );
  const [set, replicas] = replies;
  if (isError(set)) throw new Error(set.error);
  return Number(replicas) >= 1 ? 'acknowledged' : 'unknown';
}

async function run(): Promise<never> {
  let resp: Resp | undefined;
  for (let number = 0; ; number += 1) {
    resp ??= await find();
    if (resp === undefined) {
      await pause(FIND_MS / 4);
      continue;
    }
    const sentMs = monotonicMs();
    let outcome: Outcome = 'unknown';
    let detail = '';
    try {
      outcome = await write(resp, number);
    } catch (error) {
      detail = error instanceof Error ? error.message : String(error);
      resp.close();
      resp = undefined;
    }
    const { account } = options;
    const told = {
      writer: 'stock',
      account,
      id: String(number),
      sentMs,
      toldMs: monotonicMs(),
      outcome,
      detail,
    };
    appendFileSync(options.file, toLine(told));
    await pause(BETWEEN_MS);
  }
}

await run();
