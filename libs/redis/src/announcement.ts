/**
 * RIS: that a process is there, what it is and where, told once a second. A plain write, because nobody acts on it; a
 * row that was not renewed for some seconds belongs to a process that is gone.
 */
import { type Command, type Host, LIMITS, NodeUnavailable, RedisError } from '@holdfast/ha-core';
import { functionCommand } from './in-sync-record.ts';
import { NODES_KEY } from './keys.ts';
import type { PrimaryConnection } from './primary-connection.ts';

const ANNOUNCE_MS = 1000;

/** Says that a process is there. By a function, because Redis takes a plain HSET no more once it is out of memory. */
export function announceCommand(name: string, row: string): Command {
  return functionCommand({ name: 'hf_mark', keys: [NODES_KEY], args: [name, row] });
}

/** Announces `row()` under `name`, with the time, until the returned function is called. */
export function announceNode(options: {
  readonly host: Host;
  readonly connection: PrimaryConnection;
  readonly name: string;
  readonly row: () => Readonly<Record<string, unknown>>;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
}): () => void {
  const { host, connection, name, log } = options;
  let stopped = false;
  let missed = 0;
  const announce = async (): Promise<void> => {
    const row = JSON.stringify({ ...options.row(), at: host.wallMs() });
    try {
      const { replies } = await connection.run([announceCommand(name, row)], LIMITS.commandDeadlineMs);
      if (replies[0] instanceof RedisError) throw replies[0];
      missed = 0;
    } catch (error) {
      // Refused while there is no replica or no library yet, among others.
      if (!(error instanceof NodeUnavailable) && !(error instanceof RedisError)) throw error;
      if (missed % 10 === 0 && !stopped) log('not_announced', { reason: error.message });
      missed += 1;
    }
    if (!stopped) host.after(ANNOUNCE_MS, () => void announce());
  };
  void announce();
  return () => {
    stopped = true;
  };
}
