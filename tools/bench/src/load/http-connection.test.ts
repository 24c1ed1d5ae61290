/** A connection that the other side has closed. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { openHttp } from './http-connection.ts';

it('refuses what is asked on it once it is closed, instead of waiting for ever', async () => {
  const server = createServer((_, response) => response.end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const connection = await openHttp(port, '');
  expect(await connection.post('/', '{}')).toEqual({ status: 200, body: '{}' });
  server.closeAllConnections();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await expect(connection.post('/', '{}')).rejects.toThrow('closed');
  server.close();
});
