/**
 * The health check of containers: `node healthcheck.js http://HOST:PORT/readyz [TEXT]` is content with 200, and with the
 * text in the answer where one is given, `node healthcheck.js redis://HOST:PORT` (`rediss` over TLS) with any answer of a Redis or Sentinel that is not busy loading:
 * whether the password is right is for others to find out. Ends with 1 and the reason in words.
 *
 * It is started every few seconds in each container, so it loads no more than a socket: fetch alone would double what it takes.
 */
import { connect } from 'node:net';

const WITHIN_MS = 2000;
const CONTENT = /^(\+PONG|-NOAUTH|-NOPERM)/;
const STATUS_OK = /^HTTP\/1\.[01] 200 /;

const [given = '', text = ''] = process.argv.slice(2);
const url = URL.parse(given);

/** Sends a question; answers what came until `isWhole` is content or the other side has ended. */
function ask(socket, question, isWhole) {
  return new Promise((resolve, reject) => {
    let said = '';
    socket.setTimeout(WITHIN_MS, () => socket.destroy(new Error(`no answer within ${WITHIN_MS} ms`)));
    socket.once('error', reject);
    socket.once('close', () => (said === '' ? reject(new Error('closed without an answer')) : resolve(said)));
    socket.on('data', (chunk) => {
      said += chunk.toString('latin1');
      if (!isWhole(said)) return;
      resolve(said);
      socket.destroy();
    });
    socket.write(question);
  });
}

async function pingRedis({ protocol, hostname, port }) {
  const at = { host: hostname, port: Number(port) };
  const encrypted = protocol === 'rediss:' ? await import('node:tls') : undefined;
  // Only that it answers is asked for, not who it is.
  const socket = encrypted?.connect({ ...at, rejectUnauthorized: false }) ?? connect(at);
  const said = await ask(socket, 'PING\r\n', (answer) => answer.includes('\r\n'));
  if (!CONTENT.test(said)) throw new Error(said.trim().slice(0, 200));
}

/** By HTTP 1.0, so that the answer comes in one piece and ends with the connection. */
async function askHttp({ hostname, host, port, pathname, search }) {
  const socket = connect({ host: hostname, port: Number(port || 80) });
  const question = `GET ${pathname}${search} HTTP/1.0\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  const said = await ask(socket, question, () => false);
  if (!STATUS_OK.test(said)) throw new Error(said.trim().replaceAll('\r\n', ' ').slice(0, 200));
  if (!said.includes(text)) throw new Error(`the answer does not hold ${text}`);
}

try {
  if (url?.protocol === 'http:') await askHttp(url);
  else if (url?.protocol === 'redis:' || url?.protocol === 'rediss:') await pingRedis(url);
  else throw new Error('expected http://…, redis://HOST:PORT or rediss://HOST:PORT');
} catch (error) {
  process.stdout.write(`${given}: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
