/** What a node says of itself by ROLE, the one source for "who is the primary" (ARCHITECTURE section 5). */
import { type Endpoint, RedisError, type RedisReply } from '@holdfast/ha-core';

export type ReplicaOffset = { readonly endpoint: string; readonly offset: number };

export type Role =
  | { readonly is: 'primary'; readonly offset: number; readonly replicas: readonly ReplicaOffset[] }
  | { readonly is: 'replica'; readonly of: string; readonly link: string; readonly offset: number }
  | { readonly is: 'other'; readonly detail: string };

export const endpointName = (endpoint: Endpoint): string => `${endpoint.host}:${endpoint.port}`;

/** Reads the reply of ROLE. Anything unexpected is `other` with what it was. */
export function parseRole(reply: RedisReply | undefined): Role {
  if (reply instanceof RedisError) return { is: 'other', detail: reply.message };
  if (!Array.isArray(reply)) return { is: 'other', detail: `unexpected reply ${JSON.stringify(reply)}` };
  const parts: readonly RedisReply[] = reply;
  if (parts[0] === 'master') {
    const replicas = Array.isArray(parts[2]) ? (parts[2] as readonly RedisReply[]) : [];
    return { is: 'primary', offset: Number(parts[1]), replicas: replicas.flatMap(replicaOffset) };
  }
  if (parts[0] === 'slave') {
    return {
      is: 'replica',
      of: `${String(parts[1])}:${String(parts[2])}`,
      link: String(parts[3]),
      offset: Number(parts[4]),
    };
  }
  return { is: 'other', detail: String(parts[0]) };
}

function replicaOffset(entry: RedisReply): ReplicaOffset[] {
  if (!Array.isArray(entry)) return [];
  const [host, port, offset] = entry as readonly RedisReply[];
  return [{ endpoint: `${String(host)}:${String(port)}`, offset: Number(offset) }];
}
