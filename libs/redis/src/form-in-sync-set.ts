/**
 * Makes an in-sync set where there are no wardens to do it: tests and benchmarks on a Redis of their own. Every replica
 * that the primary lists joins. It asks no Sentinel, so it is not for a system in which anything fails over.
 */
import {
  type Endpoint,
  type Host,
  type InSyncRecord,
  RedisError,
  type RedisNodes,
  sleep,
} from '@holdfast/ha-core';
import { ensureFunctions } from './functions.ts';
import { claimedRecord, functionCommand, joinCall, parseChange } from './in-sync-record.ts';
import { findPrimary } from './primary.ts';
import { endpointName } from './role.ts';

const STEP_MS = 500;
const AGAIN_MS = 20;

/** Resolves with the record once `replicas` have joined. Throws with the last reason when that takes over `withinMs`. */
export async function formInSyncSet(options: {
  readonly host: Host;
  readonly redis: RedisNodes;
  readonly nodes: readonly Endpoint[];
  readonly replicas: number;
  readonly withinMs: number;
}): Promise<InSyncRecord> {
  const endMs = options.host.monotonicMs() + options.withinMs;
  for (;;) {
    const outcome = await attempt(options);
    if (typeof outcome !== 'string') return outcome;
    if (options.host.monotonicMs() > endMs)
      throw new Error(`no in-sync set within ${options.withinMs} ms: ${outcome}`);
    await sleep(options.host, AGAIN_MS);
  }
}

async function attempt(options: Parameters<typeof formInSyncSet>[0]): Promise<InSyncRecord | string> {
  const found = await findPrimary({ ...options, deadlineMs: STEP_MS });
  if (found.is === 'none') return found.said.join('; ');
  const { node, role } = found.primary;
  try {
    if (role.replicas.length < options.replicas) return `${role.replicas.length} replicas follow`;
    await ensureFunctions(node, STEP_MS);
    const name = endpointName(node.endpoint);
    let record = await claimedRecord(node, name, STEP_MS);
    for (const { endpoint } of role.replicas) {
      if (record.members.includes(endpoint)) continue;
      const [reply] = await node.run([functionCommand(joinCall(record, name, endpoint))], STEP_MS);
      if (reply instanceof RedisError) return reply.message;
      record = parseChange(reply)?.record ?? record;
    }
    return record;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    node.close();
  }
}
