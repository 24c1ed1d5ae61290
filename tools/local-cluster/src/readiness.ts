/** Whether a node serves: one question per kind. The answer is undefined when it does, else what is missing, in words. */
import type { Configuration } from '@holdfast/configuration';
import { type Endpoint, RedisError, type RedisNodes } from '@holdfast/ha-core';
import { endpointName } from '@holdfast/redis';
import type { NodeOutline } from '@holdfast/topology';
import { ask, askRole, askSentinel } from './redis/questions.ts';

const HTTP_LIMIT_MS = 1500;

export type Readiness = (node: NodeOutline) => Promise<string | undefined>;

/** The question for any node of this configuration. Never rejects. */
export function createReadiness(values: Configuration, redis: RedisNodes): Readiness {
  return async ({ kind, endpoint }) => {
    if (endpoint === undefined) return undefined;
    switch (kind) {
      case 'redis':
        return redisMissing(redis, endpoint);
      case 'sentinel':
        return sentinelMissing(values, redis, endpoint);
      case 'clickhouse':
        return httpMissing(endpoint, '/ping');
      case 'warden':
      case 'broker':
      case 'terminal':
      case 'engine':
      case 'backend':
      case 'sync':
        return httpMissing(endpoint, '/readyz');
    }
  };
}

/** Why a Redis node's data cannot be read; undefined when it can be, whatever the node's role is. */
export async function dataMissing(redis: RedisNodes, endpoint: Endpoint): Promise<string | undefined> {
  const asked = await ask(redis, endpoint, [['PING']]);
  if (asked.is === 'silent') return asked.why;
  const [reply] = asked.replies;
  return reply instanceof RedisError ? reply.message : undefined;
}

async function redisMissing(redis: RedisNodes, endpoint: Endpoint): Promise<string | undefined> {
  const role = await askRole(redis, endpoint);
  if (role === undefined) return `no answer at ${endpointName(endpoint)}`;
  if (role.is === 'other') return role.detail;
  if (role.is === 'replica' && role.link !== 'connected') return `replica of ${role.of}: ${role.link}`;
  return undefined;
}

async function sentinelMissing(
  values: Configuration,
  redis: RedisNodes,
  endpoint: Endpoint,
): Promise<string | undefined> {
  const { nodes, sentinels, primaryName } = values.redis;
  const view = await askSentinel(redis, endpoint, primaryName);
  if (typeof view === 'string') return view;
  const down = view.flags.filter((flag) => flag !== 'master');
  if (down.length > 0) return `sees the primary as ${down.join(', ')}`;
  if (view.replicas < nodes.length - 1) return `sees ${view.replicas} of ${nodes.length - 1} replicas`;
  const others = sentinels.length - 1;
  if (view.otherSentinels < others) return `sees ${view.otherSentinels} of ${others} other Sentinels`;
  return undefined;
}

/** Asks a process for a path; anything but 200 is its reason. */
export async function httpMissing(endpoint: Endpoint, path: string): Promise<string | undefined> {
  const url = `http://${endpointName(endpoint)}${path}`;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(HTTP_LIMIT_MS) });
    const text = (await answer.text()).trim();
    return answer.status === 200 ? undefined : `${path}: ${answer.status} ${text.slice(0, 200)}`;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return `no answer at ${url}: ${cause instanceof Error ? cause.message || cause.name : String(cause)}`;
  }
}
