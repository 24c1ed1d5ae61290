/** A taken port is refused before anything is started, by its number, its use and the option that moves it. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { PortsTaken, refuseTakenPorts } from './taken-ports.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listening(options: { readonly reusePort?: boolean } = {}): Promise<number> {
  const server = createServer().listen({ host: '127.0.0.1', port: 0, ...options });
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const point = (port: number, what: string, shared: boolean) => ({
  endpoint: { host: '127.0.0.1', port },
  what,
  owner: undefined,
  shared,
});

describe('refuseTakenPorts', () => {
  it('names each of them with its use and option', async () => {
    const [own, api] = [await listening(), await listening()];
    const refused = refuseTakenPorts([point(own, 'redis-1', false), point(api, 'the API', true)]);
    await expect(refused).rejects.toThrow(PortsTaken);
    await expect(refused).rejects.toThrow(
      `port ${own} on 127.0.0.1 (redis-1) is taken by another process; choose another with --base-port PORT\n` +
        `port ${api} on 127.0.0.1 (the API) is taken by another process; choose another with --api-port PORT`,
    );
  });

  it('takes a port that others share for taken', async () => {
    const port = await listening({ reusePort: true });
    await expect(refuseTakenPorts([point(port, 'the API', true)])).rejects.toThrow('--api-port');
  });

  it('lets free ports pass and leaves them free', async () => {
    const port = await listening();
    servers.pop()?.close();
    await expect(refuseTakenPorts([point(port, 'redis-1', false)])).resolves.toBeUndefined();
    await expect(refuseTakenPorts([point(port, 'redis-1', false)])).resolves.toBeUndefined();
  });
});
