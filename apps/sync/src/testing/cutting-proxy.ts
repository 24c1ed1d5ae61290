/**
 * For tests: a TCP proxy that can lose replies. While `losing`, a connection that carries an INSERT is cut as soon as
 * the server answers: the rows are there, and the client does not know.
 */
import { connect, createServer, type Socket } from 'node:net';

export type CuttingProxy = {
  readonly port: number;
  readonly lose: (replies: number) => void;
  /** How many replies were lost since the start. */
  readonly lost: () => number;
  readonly close: () => Promise<void>;
};

/** Listens on a free port of loopback and forwards to `target` there. */
export function startCuttingProxy(target: number): Promise<CuttingProxy> {
  let losing = 0;
  let lost = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    let inserting = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk) => {
      inserting ||= /INSERT/i.test(chunk.subarray(0, 2000).toString('latin1'));
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (inserting && losing > 0) {
        losing -= 1;
        lost += 1;
        client.destroy();
        return;
      }
      inserting = false;
      client.write(chunk);
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : 0,
        lose: (replies) => {
          losing = replies;
        },
        lost: () => lost,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            for (const socket of sockets) socket.destroy();
          }),
      });
    });
  });
}
