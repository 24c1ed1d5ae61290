/**
 * An embedded ClickHouse in a process of its own: chdb behind a small HTTP endpoint on loopback, so that everything
 * else needs only a URL, and a real server is only another URL.
 *
 *   node clickhouse-child.ts --port N --path DIR [--host ADDRESS]
 *
 * Prints `ready <url>` once it serves. SIGTERM and SIGINT finish what is under way and close the data directory. A
 * second process on the same directory is refused. It has no users: whoever reaches this port may do all. So it stays on
 * loopback, but for a container of the infrastructure tests, whose network nobody else reaches.
 */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createClickHouseServer } from './clickhouse/http.ts';
import { lockDirectory } from './clickhouse/lock.ts';
import { openSessions } from './clickhouse/sessions.ts';

const STOP_LIMIT_MS = 10_000;

const fail = (message: string): never => {
  process.stderr.write(`clickhouse-child: ${message}\n`);
  process.exit(1);
};

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    path: { type: 'string' },
    host: { type: 'string', default: '127.0.0.1' },
  },
});
const { host } = values;
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  fail(`--port ${values.port ?? '(missing)'}: expected a port, or 0 for a free one`);
}
const path = resolve(values.path ?? fail('--path (missing): expected the data directory'));
mkdirSync(path, { recursive: true, mode: 0o700 });

const lock = await lockDirectory(path).catch((error: Error) => fail(error.message));
const sessions = await openSessions(path).catch((error: Error) => fail(`${path}: ${error.message}`));
const server = createClickHouseServer(sessions);
server.once('error', (error) => fail(`${host}:${port}: ${error.message}`));
server.listen(port, host, () => {
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  process.stdout.write(`ready http://${host}:${bound}\n`);
});

let stopping = false;
const stop = async (): Promise<void> => {
  if (stopping) return;
  stopping = true;
  setTimeout(() => fail(`not closed after ${STOP_LIMIT_MS} ms`), STOP_LIMIT_MS).unref();
  const closed = new Promise((closing) => {
    server.close(closing);
  });
  server.closeIdleConnections();
  await sessions.close();
  server.closeAllConnections();
  await closed;
  lock.release();
  process.exit(0);
};
process.on('SIGTERM', () => void stop());
process.on('SIGINT', () => void stop());
