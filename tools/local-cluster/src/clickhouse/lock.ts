/**
 * One process per data directory. The lock is a listening socket in the kernel's abstract namespace, named after the
 * directory: it is taken at once and ends with the process, however that ends, so no stale lock is ever left.
 */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer } from 'node:net';

/** Takes the lock. Rejects with an Error that names the directory when another process has it. */
export function lockDirectory(path: string): Promise<{ release: () => void }> {
  const name = createHash('sha256').update(realpathSync(path)).digest('hex').slice(0, 32);
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE' ? 'another process has this data directory open' : error.message;
      reject(new Error(`${path}: ${why}`, { cause: error }));
    });
    server.listen(`\0holdfast-clickhouse-${name}`, () => {
      server.unref();
      resolve({ release: () => server.close() });
    });
  });
}
