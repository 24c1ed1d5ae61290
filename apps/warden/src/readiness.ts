/** Whether a warden's node has its place: the primary, or a replica that can be promoted. Anything else says what is missing. */
import type { WardenView } from './view.ts';

/** Undefined when it has, else what is missing, in words. */
export function notReady(view: WardenView): string | undefined {
  const { node, primary, inSync, waits } = view;
  if (waits !== null) return `no node is primary: ${waits.why}`;
  if (!node.answers) return `${node.endpoint} does not answer`;
  if (primary === null) return 'no node is primary';
  if (node.endpoint === primary)
    return node.priority === 0 ? undefined : `${node.endpoint} has priority ${node.priority}`;
  if (!inSync.needed.includes(node.endpoint)) return `${node.endpoint} is not in the in-sync set`;
  if (node.priority !== 100) return `${node.endpoint} is not promotable yet`;
  return node.promotable ? undefined : `most Sentinels do not see yet that ${node.endpoint} may be promoted`;
}
