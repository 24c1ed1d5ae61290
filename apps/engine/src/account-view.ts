/** What an active account tells of itself, for status and operators (I9). */
import type { ConnectionState } from '@holdfast/ha-core';
import type { Line } from './line.ts';

export type AccountView = {
  readonly waiting: number;
  readonly open: number;
  /** Ids of signals whose outcome the broker did not confirm. */
  readonly unknown: readonly string[];
  readonly connection: ConnectionState['is'];
  readonly paused: boolean;
  /** An intent is being written, or a command is at the terminal. */
  readonly sending: boolean;
};

/** The view of a line over a connection. */
export function viewOf(
  line: Line,
  connection: ConnectionState,
  paused: boolean,
  sending: boolean,
): AccountView {
  const begun = line.begun();
  return {
    waiting: line.waiting().length,
    open: begun.length,
    unknown: begun.flatMap((order) => (order.state.is === 'unknown' ? [order.accepted.id] : [])),
    connection: connection.is,
    paused,
    sending,
  };
}
