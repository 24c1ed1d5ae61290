/**
 * RIS: says once a second that this process is there (`hf:nodes`). A plain write: it is news for people, nothing is
 * decided by it, and what is lost with a primary is said again a second later.
 */
import { type Endpoint, type Host, LIMITS, type RedisNodes } from '@holdfast/ha-core';
import { announceCommand, createPrimaryConnection } from '@holdfast/redis';

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
  const connection = createPrimaryConnection(options);
  let stopped = false;
  let cancel = (): void => undefined;
  let failing = false;

  const turn = async (): Promise<void> => {
    try {
      const text = JSON.stringify(options.announcement());
      const { replies } = await connection.run(
        [announceCommand(options.name, text)],
        LIMITS.commandDeadlineMs,
      );
      if (replies[0] instanceof Error) throw replies[0];
      failing = false;
    } catch (error) {
      if (!failing && !stopped) options.log('not_announced', { error: String(error) });
      failing = true;
    }
    if (!stopped) cancel = host.after(EVERY_MS, () => void turn());
  };
  void turn();
  return () => {
    stopped = true;
    cancel();
    connection.stop();
  };
}
