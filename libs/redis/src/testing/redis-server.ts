/**
 * For tests: which redis-server they run on, and free ports for it. The long form runs the same tests a second time on
 * a newer Redis, by the environment.
 */
import { createServer, type Server } from 'node:net';

/** The program that every test starts as its real Redis or Sentinel. The only place that decides it. */
export function redisServer(): string {
  return process.env.HOLDFAST_REDIS_SERVER ?? 'redis-server';
}

/** Ports that were free a moment ago, all at once, so that none is given twice. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listening));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => void server.close(resolve))));
  return ports;
}

export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

function listening(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
