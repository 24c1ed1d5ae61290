/**
 * Two addresses, one server: the backend's own, and the shared one, where every backend listens with SO_REUSEPORT. The
 * kernel spreads connections over those that live, so a killed backend is out at once.
 *
 * Leaving costs no client an error: first the shared address is given back, right after the last accept, so that no
 * connection waits in its queue; then answers carry `Connection: close`; what stays open ends once it is quiet.
 */
import { createServer, type Server } from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';
import { type Endpoint, type Host, sleep } from '@holdfast/ha-core';
import { followConnections } from './connections.ts';
import type { Drain } from './drain.ts';
import type { Api } from './parts.ts';

export type Listeners = {
  /** The port of the backend's own address. */
  readonly port: number;
  readonly sharedPort: number;
  /** Stops accepting, lets what is under way finish, ends what is left at `withinMs`. */
  readonly drain: (withinMs: number) => Promise<void>;
};

/** A connection without a request for this long, after the addresses were given back, is ended. */
const QUIET_MS = 500;
const LOOK_EVERY_MS = 20;

/** Listens on both addresses; rejects with the system's error, which names the address, when one cannot be had. */
export async function listen(
  server: { readonly api: Api; readonly drain: Drain },
  own: Endpoint,
  shared: Endpoint,
  host: Host,
): Promise<Listeners> {
  const { api } = server;
  const second = createServer((request, response) => api.routing(request, response));
  second.keepAliveTimeout = api.server.keepAliveTimeout;
  second.requestTimeout = api.server.requestTimeout;
  const servers = [second, api.server];
  const connections = servers.map((one) => followConnections(one, host));
  await api.listen({ host: own.host, port: own.port });
  await listening(second, shared);

  const drain = async (withinMs: number): Promise<void> => {
    const startedMs = host.monotonicMs();
    const leftMs = (): number => withinMs - (host.monotonicMs() - startedMs);
    await giveBack(servers, host);
    // Only now: whoever is asked to close connects anew at once, and must find another backend.
    server.drain.begin();
    const open = (): number => connections.reduce((sum, one) => sum + one.count(), 0);
    while (open() > 0 && leftMs() > 0) {
      await sleep(host, LOOK_EVERY_MS);
      // In the phase right after the one that reads: what has arrived by now was seen.
      await sleep(host, 0);
      for (const one of connections) one.endQuiet(QUIET_MS);
    }
    for (const one of connections) one.destroyAll();
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
