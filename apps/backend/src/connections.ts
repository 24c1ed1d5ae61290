/**
 * The open connections of a server, so that leaving can end each at a moment when its client expects an answer no
 * more. Node's own way destroys what looks idle at once, also under a request that is on its way.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Host } from '@holdfast/ha-core';

type Use = { requests: number; quietSinceMs: number };

export type Connections = {
  readonly count: () => number;
  /** Ends those without a request under way that have been quiet for this long, and whose last data was read. */
  readonly endQuiet: (quietMs: number) => void;
  readonly destroyAll: () => void;
};

/** Follows the connections of this server from now on. */
export function followConnections(server: Server, host: Host): Connections {
  const open = new Map<Socket, Use>();
  server.on('connection', (socket: Socket) => {
    open.set(socket, { requests: 0, quietSinceMs: host.monotonicMs() });
    socket.once('close', () => open.delete(socket));
  });
  server.on('request', (request, response) => {
    const use = open.get(request.socket);
    if (use === undefined) return;
    use.requests += 1;
    response.once('close', () => {
      use.requests -= 1;
      use.quietSinceMs = host.monotonicMs();
    });
  });
  return {
    count: () => open.size,
    endQuiet: (quietMs) => {
      const nowMs = host.monotonicMs();
      for (const [socket, use] of open) {
        if (use.requests === 0 && nowMs - use.quietSinceMs >= quietMs) socket.end();
      }
    },
    destroyAll: () => {
      for (const socket of open.keys()) socket.destroy();
    },
  };
}
