/**
 * Two addresses, one server: the backend's own, and the shared one, where every backend listens with SO_REUSEPORT. The
 * kernel spreads connections over those that live, so a killed backend is out at once.
 *
 * Leaving costs no client an error: first the shared address is given back, right after the last accept, so that no
 * connection waits in its queue; then answers carry `Connection: close`; connections end once they are idle.
 */
import { createServer, type Server } from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';
import { type Endpoint, type Host, sleep } from '@holdfast/ha-core';
import type { Drain } from './drain.ts';
import type { Api } from './parts.ts';

export type Listeners = {
  /** The port of the backend's own address. */
  readonly port: number;
  readonly sharedPort: number;
  /** Stops accepting, lets what is under way finish, ends what is left at `withinMs`. */
  readonly drain: (withinMs: number) => Promise<void>;
};

/** How long open connections may still send a request after the addresses were given back. */
const LINGER_MS = 250;

/** Listens on both addresses; rejects with the system's error, which names the address, when one cannot be had. */
export async function listen(
  server: { readonly api: Api; readonly drain: Drain },
  own: Endpoint,
  shared: Endpoint,
  host: Host,
): Promise<Listeners> {
  const { api } = server;
  await api.listen({ host: own.host, port: own.port });
  const second = createServer((request, response) => api.routing(request, response));
  second.keepAliveTimeout = api.server.keepAliveTimeout;
  second.requestTimeout = api.server.requestTimeout;
  await listening(second, shared);
  const servers = [second, api.server];

  const drain = async (withinMs: number): Promise<void> => {
    const startedMs = host.monotonicMs();
    const leftMs = (): number => Math.max(0, withinMs - (host.monotonicMs() - startedMs));
    server.drain.begin();
    await giveBack(servers, host);
    await sleep(host, Math.min(LINGER_MS, leftMs()));
    while (server.drain.underWay() > 0 && leftMs() > 0) await sleep(host, 10);
    for (const one of servers) one.closeAllConnections();
  };
  return { port: portOf(api.server), sharedPort: portOf(second), drain };
}

/** In the phase right after the one that accepts, so that the queue is empty when the addresses go. */
function giveBack(servers: readonly Server[], host: Host): Promise<void> {
  return new Promise((resolve) => {
    host.after(0, () => {
      // http's own close would end idle connections at once, under a request that is on its way.
      for (const server of servers) NetServer.prototype.close.call(server);
      resolve();
    });
  });
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

function listening(server: Server, at: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: at.host, port: at.port, reusePort: true }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}
