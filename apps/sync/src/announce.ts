/**
 * RIS: says once a second that this process is there (`hf:nodes`). A plain write: it is news for people, nothing is
 * decided by it, and what is lost with a primary is said again a second later.
 */
import { type Endpoint, type Host, LIMITS, type RedisNode, type RedisNodes } from '@holdfast/ha-core';
import { findPrimary, NODES_KEY } from '@holdfast/redis';

export type Announcement = {
  readonly kind: 'sync';
  readonly role: 'active';
  readonly pid: number;
  readonly endpoint: string;
  readonly at: number;
  readonly detail: string;
};

export type AnnounceOptions = {
  readonly host: Host;
  readonly redis: RedisNodes;
  readonly nodes: readonly Endpoint[];
  readonly name: string;
  readonly announcement: () => Announcement;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

const EVERY_MS = 1000;

/** Starts announcing; the returned function ends it. */
export function startAnnouncing(options: AnnounceOptions): () => void {
  const { host } = options;
  let node: RedisNode | undefined;
  let stopped = false;
  let cancel = (): void => undefined;
  let failing = false;

  const announce = async (): Promise<void> => {
    if (node === undefined) {
      const search = { host, redis: options.redis, nodes: options.nodes, deadlineMs: LIMITS.dialDeadlineMs };
      const found = await findPrimary(search);
      if (found.is === 'none') throw new Error(`no primary: ${found.said.join('; ')}`);
      node = found.primary.node;
    }
    const text = JSON.stringify(options.announcement());
    const [reply] = await node.run([['HSET', NODES_KEY, options.name, text]], LIMITS.commandDeadlineMs);
    if (reply instanceof Error) throw reply;
  };

  const turn = async (): Promise<void> => {
    try {
      await announce();
      failing = false;
    } catch (error) {
      node?.close();
      node = undefined;
      if (!failing) options.log('not_announced', { error: String(error) });
      failing = true;
    }
    if (stopped) node?.close();
    else cancel = host.after(EVERY_MS, () => void turn());
  };
  void turn();
  return () => {
    stopped = true;
    cancel();
    node?.close();
  };
}
