/** Stands for terminal and broker where the product's are not measured: echoes each line, at once or after a time. */
import { createServer } from 'node:net';
import { serveJobs } from '../processes/worker.ts';

/** How long each line takes from now on. */
export type EchoJob = { readonly latencyMs: number };

let latencyMs = 0;

const server = createServer({ noDelay: true }, (socket) => {
  let rest = '';
  socket.setEncoding('latin1');
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    const text = lines.map((line) => `${line}\n`).join('');
    if (latencyMs === 0) socket.write(text);
    else setTimeout(() => socket.destroyed || socket.write(text), latencyMs);
  });
});

serveJobs(async (job: EchoJob): Promise<{ readonly port: number }> => {
  latencyMs = job.latencyMs;
  if (!server.listening) {
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
  }
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the echo listens nowhere');
  return { port: address.port };
});
