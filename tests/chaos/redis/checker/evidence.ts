/**
 * Reads what the nodes hold, over the tests' own client, once the writers are silent and the system is whole. Key names
 * are spelled out here and not taken from the product.
 */
import type { Member } from '../hosts/cluster.ts';
import { askOnce, fieldsOf, isError, listOf, openResp, type Reply, type Resp, textOf } from '../resp.ts';
import type { Held, Stored } from './checker.ts';

const READ_MS = 10_000;
/** Small pages: a node that is busy with a question of the tests looks dead to those who watch it. */
const PAGE = 100;

/** Everything that a node holds of an account. Rejects when the node does not answer. */
export async function readHeld(node: Member, password: string, account: string): Promise<Held> {
  const resp = await openResp(node.at, password, READ_MS);
  try {
    return {
      node: node.name,
      entries: await entriesOf(resp, `hf:{${account}}:rtss`),
      signals: await signalsOf(resp, `hf:{${account}}:signal:`),
    };
  } finally {
    resp.close();
  }
}

async function entriesOf(resp: Resp, key: string): Promise<Held['entries']> {
  const entries: { id: string; magic: string }[] = [];
  for (let from = '-'; ; ) {
    const [page] = await resp.ask([['XRANGE', key, from, '+', 'COUNT', String(PAGE)]], READ_MS);
    const rows = listOf(right(page));
    for (const row of rows) {
      const [id, fields] = listOf(row);
      const named = fieldsOf(fields);
      entries.push({ id: named['id'] ?? '', magic: named['magic'] ?? '' });
      from = `(${textOf(id)}`;
    }
    if (rows.length < PAGE) return entries;
  }
}

async function signalsOf(resp: Resp, prefix: string): Promise<Map<string, Stored>> {
  const signals = new Map<string, Stored>();
  for (let cursor = '0'; ; ) {
    const [reply] = await resp.ask([['SCAN', cursor, 'MATCH', `${prefix}*`, 'COUNT', String(PAGE)]], READ_MS);
    const [next, keys] = listOf(right(reply));
    const names = listOf(keys).map(textOf);
    if (names.length > 0) {
      const replies = await resp.ask(
        names.flatMap((name) => [
          ['HGET', name, 'id'],
          ['DEBUG', 'DIGEST-VALUE', name],
        ]),
        READ_MS,
      );
      for (const [index, name] of names.entries()) {
        const [id, digest] = [right(replies[2 * index]), right(replies[2 * index + 1])];
        signals.set(name.slice(prefix.length), { id: textOf(id), digest: textOf(listOf(digest)[0]) });
      }
    }
    cursor = textOf(next);
    if (cursor === '0') return signals;
  }
}

function right(reply: Reply | undefined): Reply {
  if (reply === undefined || isError(reply)) throw new Error(`Redis said ${JSON.stringify(reply)}`);
  return reply;
}

/** How many entries the account's stream has on a node. */
export async function countEntries(node: Member, password: string, account: string): Promise<number> {
  const [length] = await askOnce(node.at, password, [['XLEN', `hf:{${account}}:rtss`]], READ_MS);
  return Number(right(length));
}

/** Removes an account that was judged, so that data stays small; on the primary, and waits for both replicas. */
export async function removeAccount(primary: Member, password: string, account: string): Promise<void> {
  const resp = await openResp(primary.at, password, READ_MS);
  try {
    const keys = [...(await signalsOf(resp, `hf:{${account}}:signal:`)).keys()].map(
      (magic) => `hf:{${account}}:signal:${magic}`,
    );
    for (let from = 0; from < keys.length; from += PAGE) {
      await resp.ask([['UNLINK', ...keys.slice(from, from + PAGE)]], READ_MS);
    }
    await resp.ask(
      [
        ['UNLINK', `hf:{${account}}:rtss`, `hf:{${account}}:account`],
        ['WAIT', '2', '1000'],
      ],
      READ_MS,
    );
  } finally {
    resp.close();
  }
}
