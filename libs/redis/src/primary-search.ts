/**
 * Looks for the primary until there is one: every node is asked for its ROLE again and again, each on a connection of
 * its own that stays open meanwhile, so that neither a silent node nor a dead one holds up what the others say. The
 * first that says that it is the primary and has replicas is taken. (Sentinel would tell up to a second later.)
 *
 * A node that calls itself primary without a replica is a last choice, at the end of the search: a resumed or
 * restarted old primary looks like that until it is demoted, and can acknowledge nothing anyway.
 */
import { type Endpoint, NodeUnavailable, type RedisNode, sleep } from '@holdfast/ha-core';
import type { FoundPrimary, PrimaryFinderOptions } from './primary.ts';
import { endpointName, parseRole, type Role } from './role.ts';

const ASK_EVERY_MS = 8;
/** One question: a node that is frozen is asked again on a new connection after this. */
const ANSWER_WITHIN_MS = 300;

export type SearchOptions = Omit<PrimaryFinderOptions, 'deadlineMs'> & {
  readonly withinMs: number;
  /** True once nobody wants the answer any more: the search ends with nothing. */
  readonly stopped?: () => boolean;
};

type Asked = { readonly node: RedisNode; readonly role: Role };

/** Searches for `withinMs` at most. Never rejects; `said` is the last that each node said, when none will do. */
export function searchPrimary(
  options: SearchOptions,
): Promise<{ is: 'found'; primary: FoundPrimary } | { is: 'none'; said: string[] }> {
  const { host, redis, nodes } = options;
  return new Promise((resolve) => {
    const said = new Map<string, string>();
    const answers = new Map<string, Asked>();
    let over = false;
    let winner: RedisNode | undefined;
    const settle = (primary: FoundPrimary | undefined): void => {
      if (over) return;
      over = true;
      cancel();
      winner = primary?.node;
      for (const { node } of answers.values()) if (node !== winner) node.close();
      if (primary === undefined) resolve({ is: 'none', said: [...said.values()] });
      else resolve({ is: 'found', primary });
    };
    const cancel = host.after(options.withinMs, () => settle(lastChoice([...answers.values()])));

    const askOnce = async (endpoint: Endpoint): Promise<void> => {
      const name = endpointName(endpoint);
      try {
        const node = answers.get(name)?.node ?? (await redis.open(endpoint, ANSWER_WITHIN_MS));
        if (over) return node === winner ? undefined : node.close();
        const role = parseRole((await node.run([['ROLE']], ANSWER_WITHIN_MS))[0]);
        if (over) return node === winner ? undefined : node.close();
        answers.set(name, { node, role });
        said.set(name, `${name}: ${role.is === 'replica' ? `replica of ${role.of}` : role.is}`);
        if (role.is === 'primary' && role.replicas.length > 0) settle({ node, role });
      } catch (error) {
        if (!(error instanceof NodeUnavailable)) throw error;
        answers.get(name)?.node.close();
        answers.delete(name);
        said.set(name, error.message);
      }
    };
    const ask = async (endpoint: Endpoint): Promise<void> => {
      while (!over) {
        if (options.stopped?.() === true) return settle(undefined);
        await askOnce(endpoint);
        if (!over) await sleep(host, ASK_EVERY_MS);
      }
    };
    for (const endpoint of nodes) void ask(endpoint);
  });
}

function lastChoice(answers: readonly Asked[]): FoundPrimary | undefined {
  return answers
    .flatMap(({ node, role }) => (role.is === 'primary' ? [{ node, role }] : []))
    .sort((a, b) => b.role.offset - a.role.offset)[0];
}
