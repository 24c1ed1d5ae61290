/** The broker's door: terminals log in over lines, and each becomes an attachment of the broker. */
import { type Endpoint, type Host, type Link, type Listener, type Network, sleep } from '@holdfast/ha-core';
import type { Broker } from '../broker/broker.ts';
import type { BrokerLink } from './broker-link.ts';
import {
  type BrokerLine,
  parseTerminalLine,
  printLine,
  ROWS_IN_A_LINE,
  type TerminalLine,
} from './broker-lines.ts';

export type BrokerServerOptions = {
  readonly host: Host;
  readonly network: Network;
  readonly endpoint: Endpoint;
  readonly broker: Broker;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

const LOGIN_MS = 2000;
/** Lines after which a long list lets others speak. */
const LINES_AT_ONCE = 10;

/** Listens for terminals. Rejects when the endpoint cannot be bound. Closing it closes the links as well. */
export async function createBrokerServer(options: BrokerServerOptions): Promise<Listener> {
  const links = new Set<Link>();
  const listener = await options.network.listen(options.endpoint, (link) => {
    links.add(link);
    link.onClosed(() => links.delete(link));
    serve(options, link);
  });
  return {
    port: listener.port,
    close: () => {
      listener.close();
      for (const link of links) link.close();
    },
  };
}

function serve({ host, broker, log }: BrokerServerOptions, link: Link): void {
  let attached: BrokerLink | undefined;
  const put = (line: BrokerLine): boolean => link.send(printLine(line));
  const refuse = (why: string): void => {
    log('terminal_refused', { remote: link.remote, why });
    put({ is: 'refused', why });
    link.close();
  };
  const cancel = host.after(LOGIN_MS, () => refuse(`no login within ${LOGIN_MS} ms`));
  const login = ({ account, terminal }: Extract<TerminalLine, { is: 'login' }>): void => {
    cancel();
    try {
      attached = broker.attach(account, terminal);
    } catch (error) {
      refuse(error instanceof Error ? error.message : String(error));
      return;
    }
    // A microtask later, so that what an order changed leaves in one packet with the reply to it.
    attached.onNotice((notice) => queueMicrotask(() => put({ is: 'notice', notice })));
    put({ is: 'welcome', connection: attached.connection() });
    log('terminal_login', { account, terminal, remote: link.remote });
  };
  link.onClosed((reason) => {
    cancel();
    attached?.close();
    log('terminal_gone', { remote: link.remote, reason });
  });
  link.onLine((text) => {
    const line = parseTerminalLine(text);
    if (line === undefined) refuse(`not a line of a terminal: ${text.slice(0, 80)}`);
    else if (line.is === 'login' && attached === undefined) login(line);
    else if (line.is === 'login' || attached === undefined) refuse(`${line.is} at the wrong time`);
    else void answer(host, attached, line, put);
  });
}

async function answer(
  host: Host,
  attached: BrokerLink,
  line: Exclude<TerminalLine, { is: 'login' }>,
  put: (line: BrokerLine) => boolean,
): Promise<void> {
  const { id } = line;
  switch (line.is) {
    case 'send':
      put({ is: 'reply', id, reply: await attached.orderSend(line.request) });
      return;
    case 'position':
      put({ is: 'position', id, found: (await attached.position(line.identifier)) ?? null });
      return;
    case 'order':
      put({ is: 'order', id, found: (await attached.order(line.ticket)) ?? null });
      return;
    case 'quote':
      put({ is: 'quote', id, quote: (await attached.quote(line.symbol)) ?? null });
      return;
    case 'list': {
      const rows = await attached.list(line.what, line.filter);
      if (rows === undefined) put({ is: 'rows', id, rows: null, last: true });
      else await putRows(host, id, rows, put);
    }
  }
}

async function putRows(
  host: Host,
  id: number,
  rows: readonly unknown[],
  put: (line: BrokerLine) => boolean,
): Promise<void> {
  for (let at = 0, lines = 1; ; at += ROWS_IN_A_LINE, lines += 1) {
    const last = at + ROWS_IN_A_LINE >= rows.length;
    if (!put({ is: 'rows', id, rows: rows.slice(at, at + ROWS_IN_A_LINE), last }) || last) return;
    if (lines % LINES_AT_ONCE === 0) await sleep(host, 0);
  }
}
