/**
 * When may there be news in RTRS? A blocking XREAD on a connection of its own names the accounts; what it brings is
 * thrown away, because it is not acknowledged yet. A poll besides, so that a wake-up that was lost with a connection
 * costs a moment, not a record.
 */
import { type Command, type Host, LIMITS, type RedisReply, sleep } from '@holdfast/ha-core';
import { accountKeys } from './keys.ts';
import type { PrimaryConnection } from './primary-connection.ts';

export type Wakening = {
  /** The accounts that have news; `all` when the poll is due, the connection was lost, or it is closed. Never rejects. */
  readonly next: () => Promise<readonly string[] | 'all'>;
  readonly close: () => void;
};

export type WakeningOptions = {
  readonly host: Host;
  /** A connection of its own: it blocks. */
  readonly connection: PrimaryConnection;
  /** Account → the last number that is known. */
  readonly positions: ReadonlyMap<string, number>;
  /** Every account is looked at this often, woken or not. */
  readonly pollMs: number;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

/** A new primary is known already where the connection was given up for it. */
const PAUSE_MS = 25;

/** Creates the wakening; nothing is opened before the first `next`. */
export function createWakening(options: WakeningOptions): Wakening {
  const { host, positions, pollMs } = options;
  let closed = false;
  let interrupt = (): void => undefined;
  let polledMs = host.monotonicMs();

  const wait = async (): Promise<readonly string[] | 'all'> => {
    const untilPollMs = pollMs - (host.monotonicMs() - polledMs);
    if (untilPollMs < 1) {
      polledMs = host.monotonicMs();
      return 'all';
    }
    if (positions.size === 0) {
      await sleep(host, untilPollMs);
      return [];
    }
    const accounts = [...positions];
    const keys = accounts.map(([account]) => accountKeys(account).rtrs);
    const ids = accounts.map(([, number]) => `${number}-0`);
    const blockMs = String(Math.ceil(untilPollMs));
    const command: Command = ['XREAD', 'COUNT', '1', 'BLOCK', blockMs, 'STREAMS', ...keys, ...ids];
    const { replies } = await options.connection.run([command], untilPollMs + LIMITS.commandDeadlineMs);
    const [streams] = replies;
    if (streams instanceof Error) throw streams;
    const named = new Set(Array.isArray(streams) ? streams.map(streamKey) : []);
    return accounts.filter((_, index) => named.has(keys[index])).map(([account]) => account);
  };

  const afterFailure = async (error: unknown): Promise<'all'> => {
    if (!closed) {
      options.log('feed_connection_lost', { error: String(error) });
      await sleep(host, PAUSE_MS);
    }
    return 'all';
  };

  return {
    next: () => {
      if (closed) return Promise.resolve('all');
      const interrupted = new Promise<'all'>((resolve) => {
        interrupt = () => resolve('all');
      });
      return Promise.race([interrupted, wait().catch(afterFailure)]);
    },
    close: () => {
      closed = true;
      options.connection.stop();
      interrupt();
    },
  };
}

function streamKey(stream: RedisReply): RedisReply | undefined {
  return Array.isArray(stream) ? (stream as readonly RedisReply[])[0] : undefined;
}
