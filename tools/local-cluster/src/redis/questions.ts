/** One question to a Redis or Sentinel process: opened, asked, closed, within a deadline. */
import type { Command, Endpoint, RedisNodes, RedisReply } from '@holdfast/ha-core';
import { NodeUnavailable, RedisError } from '@holdfast/ha-core';
import { parseRole, type Role } from '@holdfast/redis';

/** Generous: on a loaded machine a late answer is an answer. */
export const ASK_DEADLINE_MS = 1500;

/** The replies, or the reason why there are none. Never rejects for what the outside does. */
export type Asked =
  | { readonly is: 'answered'; readonly replies: readonly RedisReply[] }
  | { readonly is: 'silent'; readonly why: string };

/** Asks a process; an error reply is a value among the replies. */
export async function ask(
  nodes: RedisNodes,
  endpoint: Endpoint,
  commands: readonly Command[],
): Promise<Asked> {
  try {
    const node = await nodes.open(endpoint, ASK_DEADLINE_MS);
    try {
      return { is: 'answered', replies: await node.run(commands, ASK_DEADLINE_MS) };
    } finally {
      node.close();
    }
  } catch (error) {
    if (error instanceof NodeUnavailable) return { is: 'silent', why: error.message };
    throw error;
  }
}

/** What a Redis node says of itself; undefined while it does not answer. */
export async function askRole(nodes: RedisNodes, endpoint: Endpoint): Promise<Role | undefined> {
  const asked = await ask(nodes, endpoint, [['ROLE']]);
  return asked.is === 'answered' ? parseRole(asked.replies[0]) : undefined;
}

/** What a Sentinel knows of the primary that it watches. */
export type SentinelView = {
  readonly primary: Endpoint;
  /** `master`, or with `s_down`, `o_down`, `failover_in_progress`. */
  readonly flags: readonly string[];
  readonly replicas: number;
  readonly otherSentinels: number;
};

/** A Sentinel's view; a text says why there is none. */
export async function askSentinel(
  nodes: RedisNodes,
  endpoint: Endpoint,
  primaryName: string,
): Promise<SentinelView | string> {
  const asked = await ask(nodes, endpoint, [['SENTINEL', 'MASTER', primaryName]]);
  if (asked.is === 'silent') return asked.why;
  const reply = asked.replies[0];
  if (reply instanceof RedisError) return reply.message;
  const fields = new Map<string, string>();
  const words = Array.isArray(reply) ? (reply as readonly RedisReply[]) : [];
  for (let index = 0; index + 1 < words.length; index += 2) {
    fields.set(String(words[index]), String(words[index + 1]));
  }
  return {
    primary: { host: fields.get('ip') ?? '', port: Number(fields.get('port')) },
    flags: (fields.get('flags') ?? '').split(','),
    replicas: Number(fields.get('num-slaves')),
    otherSentinels: Number(fields.get('num-other-sentinels')),
  };
}
