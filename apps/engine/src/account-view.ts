/** What an active account tells of itself, for status and operators (I9). */
import type { ConnectionState, Host, UnknownSignal } from '@holdfast/ha-core';
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

/** Signals whose outcome the broker did not confirm, with the time since their command was decided. */
export function unknownOf(line: Line, host: Host): UnknownSignal[] {
  return line.begun().flatMap((order) => {
    if (order.state.is !== 'unknown') return [];
    return [{ signalId: order.accepted.id, ageMs: Math.max(0, host.wallMs() - order.state.intent.at) }];
  });
}
