/**
 * Finds the primary by ROLE on all nodes at once, and does not wait for the silent ones: as soon as one answers that
 * it is the primary and has replicas, it is taken. (Sentinel would tell up to a second later.)
 *
 * A node that calls itself primary without a replica is a last choice: a resumed or restarted old primary looks like
 * that until it is demoted, and can acknowledge nothing anyway.
 */
import {
  type Endpoint,
  type Host,
  NodeUnavailable,
  type RedisNode,
  type RedisNodes,
} from '@holdfast/ha-core';
import { endpointName, parseRole, type Role } from './role.ts';

export type FoundPrimary = { readonly node: RedisNode; readonly role: Role & { readonly is: 'primary' } };

export type PrimaryFinderOptions = {
  readonly host: Host;
  readonly redis: RedisNodes;
  readonly nodes: readonly Endpoint[];
  readonly deadlineMs: number;
};

/** One attempt. Resolves within about twice `deadlineMs`, with what each node said when none will do. Never rejects. */
export function findPrimary(
  options: PrimaryFinderOptions,
): Promise<{ is: 'found'; primary: FoundPrimary } | { is: 'none'; said: string[] }> {
  return new Promise((resolve) => {
    const said: string[] = [];
    const without: FoundPrimary[] = [];
    let waiting = options.nodes.length;
    let settled = false;
    const settle = (primary: FoundPrimary | undefined): void => {
      if (settled) return;
      settled = true;
      for (const other of without) if (other !== primary) other.node.close();
      resolve(primary === undefined ? { is: 'none', said } : { is: 'found', primary });
    };
    const answer = (endpoint: Endpoint, found: FoundPrimary | string): void => {
      waiting -= 1;
      if (typeof found === 'string') said.push(`${endpointName(endpoint)}: ${found}`);
      else if (settled) found.node.close();
      else if (found.role.replicas.length > 0) settle(found);
      else without.push(found);
      if (waiting === 0) settle(without.sort((a, b) => b.role.offset - a.role.offset)[0]);
    };
    if (waiting === 0) settle(undefined);
    for (const endpoint of options.nodes) {
      ask(options, endpoint).then(
        (found) => answer(endpoint, found),
        (error: unknown) => answer(endpoint, error instanceof Error ? error.message : String(error)),
      );
    }
  });
}

async function ask(options: PrimaryFinderOptions, endpoint: Endpoint): Promise<FoundPrimary | string> {
  const node = await options.redis.open(endpoint, options.deadlineMs);
  try {
    const [reply] = await node.run([['ROLE']], options.deadlineMs);
    const role = parseRole(reply);
    if (role.is === 'primary') return { node, role };
    node.close();
    return role.is === 'replica' ? `replica of ${role.of}` : role.detail;
  } catch (error) {
    node.close();
    throw error instanceof NodeUnavailable ? error : new Error(String(error), { cause: error });
  }
}
