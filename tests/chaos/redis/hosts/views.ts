/**
 * What the nodes say of themselves, asked by the tests' own client: roles, replicas, Sentinels, the in-sync record.
 * For finding a target and for knowing when all is whole again; never for judging what was lost.
 */
import { type Address, askOnce, fieldsOf, listOf, type Reply, textOf } from '../resp.ts';

export type NodeView =
  | { readonly is: 'primary'; readonly offset: number; readonly replicas: readonly string[] }
  | { readonly is: 'replica'; readonly of: string; readonly link: string }
  | { readonly is: 'silent'; readonly why: string };

export type SentinelView = {
  readonly primary: string;
  readonly flags: string;
  /** Replicas that it could promote: neither down nor at priority 0. */
  readonly promotable: number;
  /** The flags and the priority of each replica, in words. */
  readonly replicas: string;
  readonly others: number;
  /** It saw a pause or a clock step, and does nothing for a while. */
  readonly tilt: boolean;
};

const ASK_MS = 300;

/** What a Redis node says it is. Never rejects. */
export async function nodeView(at: Address, password: string): Promise<NodeView> {
  try {
    const [role] = await askOnce(at, password, [['ROLE']], ASK_MS);
    const parts = listOf(role);
    if (parts[0] === 'master') {
      const replicas = listOf(parts[2]).map((one) => listOf(one).slice(0, 2).map(textOf).join(':'));
      return { is: 'primary', offset: Number(parts[1]), replicas };
    }
    if (parts[0] === 'slave') {
      return { is: 'replica', of: `${textOf(parts[1])}:${textOf(parts[2])}`, link: textOf(parts[3]) };
    }
    return { is: 'silent', why: JSON.stringify(role) };
  } catch (error) {
    return { is: 'silent', why: error instanceof Error ? error.message : String(error) };
  }
}

/** What a Sentinel holds to be true; undefined when it does not answer. */
export async function sentinelView(
  at: Address,
  password: string,
  name: string,
): Promise<SentinelView | undefined> {
  try {
    const [address, master, replicas, info] = await askOnce(
      at,
      password,
      [
        ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name],
        ['SENTINEL', 'MASTER', name],
        ['SENTINEL', 'REPLICAS', name],
        ['INFO', 'sentinel'],
      ],
      ASK_MS,
    );
    const fields = fieldsOf(master);
    const known = listOf(replicas).map(fieldsOf);
    const promotable = known.filter(
      (one) => !/down|disconnected/.test(one['flags'] ?? '') && one['slave-priority'] !== '0',
    );
    return {
      primary: listOf(address).map(textOf).join(':'),
      flags: fields['flags'] ?? '',
      promotable: promotable.length,
      replicas: known
        .map((one) => `${one['name']} ${one['flags']}, priority ${one['slave-priority']}`)
        .join('; '),
      others: Number(fields['num-other-sentinels'] ?? 0),
      tilt: textOf(info).includes('sentinel_tilt:1'),
    };
  } catch {
    return undefined;
  }
}

/** The in-sync record and the node's own priority, as they stand on a node; undefined when it does not answer. */
export async function recordView(
  at: Address,
  password: string,
): Promise<
  { readonly primary: string; readonly members: readonly string[]; readonly priority: number } | undefined
> {
  try {
    const [record, priority] = await askOnce(
      at,
      password,
      [
        ['HMGET', 'hf:in-sync', 'primary', 'members'],
        ['CONFIG', 'GET', 'replica-priority'],
      ],
      ASK_MS,
    );
    const [primary, members] = listOf(record);
    const words = (reply: Reply | undefined): string => (typeof reply === 'string' ? reply : '');
    return {
      primary: words(primary),
      members: words(members)
        .split(' ')
        .filter((member) => member !== ''),
      priority: Number(listOf(priority)[1] ?? -1),
    };
  } catch {
    return undefined;
  }
}
