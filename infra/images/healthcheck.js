/**
 * The health check of containers: `node healthcheck.js http://HOST:PORT/readyz [TEXT]` is content with 200, and with the
 * text in the answer where one is given, `node healthcheck.js redis://HOST:PORT` (`rediss` over TLS) with any answer of a Redis or Sentinel that is not busy loading:
 * whether the password is right is for others to find out. Ends with 1 and the reason in words.
 */
import { connect } from 'node:net';
import { connect as connectEncrypted } from 'node:tls';

const WITHIN_MS = 2000;
const CONTENT = /^(\+PONG|-NOAUTH|-NOPERM)/;

const [given = '', text = ''] = process.argv.slice(2);
const url = URL.parse(given);

function pingRedis({ protocol, hostname, port }) {
  return new Promise((resolve, reject) => {
    const at = { host: hostname, port: Number(port) };
    // Only that it answers is asked for, not who it is.
    const socket = protocol === 'rediss:' ? connectEncrypted({ ...at, rejectUnauthorized: false }) : connect(at);
    let said = '';
    socket.setTimeout(WITHIN_MS, () => socket.destroy(new Error(`no answer within ${WITHIN_MS} ms`)));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed without an answer')));
    socket.on('data', (chunk) => {
      said += chunk.toString('latin1');
      if (!said.includes('\r\n')) return;
      if (CONTENT.test(said)) resolve();
      else reject(new Error(said.trim().slice(0, 200)));
      socket.destroy();
    });
    socket.write('PING\r\n');
  });
}

async function askHttp() {
  const answer = await fetch(url, { signal: AbortSignal.timeout(WITHIN_MS) });
  const said = (await answer.text()).trim();
  if (answer.status !== 200) throw new Error(`${answer.status} ${said.slice(0, 200)}`);
  if (!said.includes(text)) throw new Error(`the answer does not hold ${text}`);
}

try {
  if (url?.protocol === 'http:') await askHttp();
  else if (url?.protocol === 'redis:' || url?.protocol === 'rediss:') await pingRedis(url);
  else throw new Error('expected http://…, redis://HOST:PORT or rediss://HOST:PORT');
} catch (error) {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  process.stdout.write(`${given}: ${cause instanceof Error ? cause.message : String(cause)}\n`);
  process.exitCode = 1;
}
