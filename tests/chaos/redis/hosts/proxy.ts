/**
 * A TCP proxy of the tests, at the switch: firewall rules send connections of one machine through it. It delays what
 * passes, and it can stop in the middle of a client's bytes and tell so: between a write and its WAIT.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';

export type Proxy = {
  readonly port: number;
  /** From now on: each piece that passes waits so long, in each direction. */
  readonly delay: (ms: number) => void;
  /**
   * The next time that a client sends `bytes`, only what is before them goes on; resolves when the other side has
   * answered that. The rest follows on `release`.
   */
  readonly stopBefore: (bytes: string) => Promise<void>;
  readonly release: () => void;
  readonly close: () => Promise<void>;
};

/** Listens at `host` and hands every connection on to `to`. */
export async function startProxy(
  host: string,
  to: { readonly host: string; readonly port: number },
): Promise<Proxy> {
  let delayMs = 0;
  let stop: { readonly bytes: string; readonly answered: () => void } | undefined;
  let held: (() => void) | undefined;
  const sockets = new Set<Socket>();

  const serve = (client: Socket): void => {
    const server = connect({ ...to, noDelay: true });
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    let holding: Buffer[] | undefined;
    const pass = (socket: Socket, chunk: Buffer): void => {
      if (delayMs === 0) socket.write(chunk);
      else setTimeout(() => socket.write(chunk), delayMs);
    };
    client.on('data', (chunk) => {
      if (holding !== undefined) return void holding.push(chunk);
      const at = stop === undefined ? -1 : chunk.indexOf(stop.bytes);
      if (stop === undefined || at < 0) return pass(server, chunk);
      const { answered } = stop;
      stop = undefined;
      holding = [chunk.subarray(at)];
      held = () => {
        for (const one of holding ?? []) server.write(one);
        holding = undefined;
      };
      server.once('data', answered);
      return pass(server, chunk.subarray(0, at));
    });
    server.on('data', (chunk) => pass(client, chunk));
  };
  const listener = await listening(host, serve);
  const address = listener.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    delay: (ms) => {
      delayMs = ms;
    },
    stopBefore: (bytes) =>
      new Promise((resolve) => {
        stop = { bytes, answered: resolve };
      }),
    release: () => {
      stop = undefined;
      held?.();
      held = undefined;
    },
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function listening(host: string, serve: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ noDelay: true }, serve);
    server.once('error', reject);
    server.listen(0, host, () => resolve(server));
  });
}
