/** How a Sentinel makes a node follow another or become primary, and which nodes it corrects of itself. */
import type { Command } from '@holdfast/ha-core';
import type { Instance } from './instance.ts';
import { addressWords, PUBLISH_MS, type SentinelState } from './state.ts';

/** One transaction; its clients are disconnected so that they look again. Replies are not read, only the next INFO. */
export function repoint({ link }: Instance, to: string | undefined): void {
  const target: Command = to === undefined ? ['SLAVEOF', 'NO', 'ONE'] : ['SLAVEOF', ...addressWords(to)];
  const commands: Command[] = [
    ['MULTI'],
    target,
    ['CONFIG', 'REWRITE'],
    ['CLIENT', 'KILL', 'TYPE', 'normal'],
    ['CLIENT', 'KILL', 'TYPE', 'pubsub'],
    ['EXEC'],
  ];
  for (const command of commands) link.send(command, () => undefined);
}

/**
 * An instance that is not what it should be for long enough is told so, while the primary looks well: an old primary that
 * came back, or a replica that follows another node.
 */
export function correct(state: SentinelState, instance: Instance, nowMs: number): void {
  if (instance.kind !== 'replica' || !looksWell(state, nowMs)) return;
  const { file, options, primary } = state;
  const isPrimary = instance.role === 'master';
  if (isPrimary && instance.promoted) return;
  if (!isPrimary && instance.follows === primary.address) return;
  const waitMs = isPrimary ? PUBLISH_MS * 4 : file.failoverTimeoutMs;
  const sinceMs = isPrimary ? instance.roleSinceMs : instance.followsSinceMs;
  if (nowMs - sinceMs <= waitMs || nowMs - instance.lastDownMs <= waitMs) return;
  options.note(`${options.process.name}: ${instance.address} shall follow ${primary.address}`);
  repoint(instance, primary.address);
}

function looksWell({ primary, periods }: SentinelState, nowMs: number): boolean {
  if (primary.role !== 'master' || primary.downSinceMs > 0 || primary.agreedDownSinceMs > 0) return false;
  return nowMs - primary.infoAtMs < periods.infoMs * 2;
}
