/** LIST: rows in portions, so that a long list does not overrun a link's send queue. */
import { type BridgeMessage, type EngineMessage, printRow } from '@holdfast/bridge';
import { type Host, sleep } from '@holdfast/ha-core';
import type { BrokerLink } from '../link/broker-link.ts';
import type { EngineSession } from './engine-link.ts';

const ROWS_AT_ONCE = 500;

type ListMessage = Extract<EngineMessage, { verb: 'LIST' }>;

export type ListParts = {
  readonly host: Host;
  readonly broker: BrokerLink;
  /** The login is still the one that HELLO told: else the lists are another account's. */
  readonly isSameLogin: () => boolean;
};

/** Answers one LIST. What cannot be read is an empty list with `synced=0`, which proves nothing. */
export async function answerList(
  { host, broker, isSameLogin }: ListParts,
  session: EngineSession,
  message: ListMessage,
): Promise<void> {
  const { seq, what, since, magic, cancelled } = message;
  const filter = {
    ...(since === undefined ? {} : { since }),
    ...(magic === undefined ? {} : { magic }),
    ...(cancelled === true ? { cancelled } : {}),
  };
  // Said of the list: a list that was read while not synced stays unproven, whatever comes after.
  const { synced } = broker.connection();
  const mine = isSameLogin();
  const read = await broker.list(what, filter);
  const rows = mine && isSameLogin() ? read : undefined;
  const connection = broker.connection();
  const end: BridgeMessage = {
    verb: 'END',
    seq,
    count: rows?.length ?? 0,
    synced: rows !== undefined && synced && connection.synced,
    broker: connection.connected,
    time: Math.round(host.wallMs() + connection.clockAheadMs),
  };
  for (const [at, row] of (rows ?? []).entries()) {
    if (at > 0 && at % ROWS_AT_ONCE === 0) await sleep(host, 0);
    if (!session.isOpen()) return;
    session.send({ verb: 'ROW', seq, row: printRow(what, row) });
  }
  session.send(end);
}
