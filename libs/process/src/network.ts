/** The real Network: lines over TCP. What a link does with its bytes is in link.ts; here are listening and dialling. */
import { type AddressInfo, createServer, Socket } from 'node:net';
import type { DialFailure, DialOutcome, Endpoint, Link, Listener, Network } from '@holdfast/ha-core';
import { type LinkBounds, linkOver } from './link.ts';

export type TcpNetworkOptions = Partial<LinkBounds> & {
  /** Connections that one listener holds at the same time; further ones are closed at once. */
  readonly linksMax?: number;
};

/** Nothing can listen at an endpoint; `code` is the system's (`EADDRINUSE`, `EACCES`, …). */
export class ListenFailed extends Error {
  readonly code: string;
  constructor(endpoint: Endpoint, cause: NodeJS.ErrnoException) {
    const why = cause.code === 'EADDRINUSE' ? 'another process listens there' : cause.message;
    super(`cannot listen at ${endpoint.host}:${endpoint.port}: ${why}`, { cause });
    this.name = 'ListenFailed';
    this.code = cause.code ?? 'UNKNOWN';
  }
}

/** The Network of this machine, by the port of `@holdfast/ha-core`; every queue in it has a bound. */
export function createTcpNetwork(options: TcpNetworkOptions = {}): Network {
  const bounds: LinkBounds = {
    sendQueueBytesMax: options.sendQueueBytesMax ?? 1024 * 1024,
    keptLinesMax: options.keptLinesMax ?? 256,
  };
  return {
    listen: (endpoint, onLink) => listen(endpoint, onLink, bounds, options.linksMax ?? 256),
    dial: (endpoint, deadlineMs) => dial(endpoint, deadlineMs, bounds),
  };
}

function listen(
  endpoint: Endpoint,
  onLink: (link: Link) => void,
  bounds: LinkBounds,
  linksMax: number,
): Promise<Listener> {
  const server = createServer((socket) => onLink(linkOver(socket, bounds)));
  server.maxConnections = linksMax;
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new ListenFailed(endpoint, error)));
    server.listen(endpoint.port, endpoint.host, () => {
      server.removeAllListeners('error');
      // A single accept that fails (no file descriptors left) must not end the process; the next may work.
      server.on('error', (error) =>
        process.emitWarning(`listener ${endpoint.host}:${endpoint.port}: ${error.message}`),
      );
      resolve({ port: (server.address() as AddressInfo).port, close: () => void server.close() });
    });
  });
}

function dial(endpoint: Endpoint, deadlineMs: number, bounds: LinkBounds): Promise<DialOutcome> {
  return new Promise((resolve) => {
    const failed = (why: DialFailure, detail: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ is: 'failed', why, detail: `${endpoint.host}:${endpoint.port}: ${detail}` });
    };
    const socket = new Socket();
    const timer = setTimeout(() => failed('timeout', `no answer within ${deadlineMs} ms`), deadlineMs);
    // Stays for the life of the socket: an error after the deadline must find a listener.
    socket.on('error', (error) => failed(failureOf(error), messageOf(error)));
    socket.once('connect', () => {
      // Dialling a free local port from that very port connects a socket to itself: nothing listens there.
      if (socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress) {
        failed('refused', 'nothing listens there (the connection met itself)');
        return;
      }
      clearTimeout(timer);
      resolve({ is: 'open', link: linkOver(socket, bounds) });
    });
    try {
      socket.connect({ host: endpoint.host, port: endpoint.port });
    } catch (error) {
      // A port that is none: said as an outcome, because dialling never rejects.
      failed('unreachable', String(error));
    }
  });
}

/** A name may stand for several addresses: refused only when every one of them refused. */
function failureOf(error: NodeJS.ErrnoException): DialFailure {
  const codes = error instanceof AggregateError ? error.errors.map(codeOf) : [codeOf(error)];
  if (codes.every((code) => code === 'ECONNREFUSED')) return 'refused';
  return codes.includes('ETIMEDOUT') ? 'timeout' : 'unreachable';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
}

function messageOf(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map((each) => String(each.message)).join('; ');
  return error.message;
}
