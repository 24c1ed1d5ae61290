/**
 * The part of ClickHouse's HTTP interface that @clickhouse/client uses: /ping; a statement in the body or in the
 * `query` parameter with its data in the body; settings, `param_*`, `database` and `default_format` as parameters;
 * gzip both ways; errors as status, `X-ClickHouse-Exception-Code` and ClickHouse's own text.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { SessionBusy, type Sessions, type Statement } from './sessions.ts';

/** Bound on a request's body, after decompression too. */
export const BODY_BYTES_MAX = 64 * 1024 * 1024;

/** Parameters that mean something to a server's HTTP layer only; chdb does not know them. */
const HTTP_ONLY = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'session_id',
  'session_timeout',
  'user',
  'password',
  'role',
  'compress',
  'decompress',
  'enable_http_compression',
  'http_zlib_compression_level',
  'wait_end_of_query',
  'buffer_size',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'http_response_buffer_size',
]);

class RequestError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The server over open sessions; the caller listens and closes. */
export function createClickHouseServer(sessions: Sessions): Server {
  const server = createServer(
    { maxHeaderSize: 262_144 },
    (request, response) => void serve(sessions, request, response),
  );
  server.maxConnections = 256;
  server.requestTimeout = 60_000;
  server.headersTimeout = 10_000;
  server.keepAliveTimeout = 10_000;
  return server;
}

async function serve(sessions: Sessions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const queryId = url.searchParams.get('query_id') ?? randomUUID();
  response.setHeader('X-ClickHouse-Query-Id', queryId);
  try {
    if (url.pathname === '/ping') {
      await sessions.run(statementOf('SELECT 1', new URLSearchParams()));
      return await send(request, response, 200, Buffer.from('Ok.\n'));
    }
    if (url.pathname !== '/') throw new RequestError(404, `There is no handle ${url.pathname}`);
    const body = await readBody(request);
    const query = url.searchParams.get('query') ?? '';
    const sql = query === '' ? body : `${query}\n${body}`;
    if (sql.trim() === '')
      throw new RequestError(400, 'Code: 62. DB::Exception: Empty query. (SYNTAX_ERROR)');
    const statement = statementOf(isEmptyInsert(query, body) ? 'SELECT 1 WHERE 0' : sql, url.searchParams);
    const answer = await sessions.run(statement);
    response.setHeader('X-ClickHouse-Format', statement.format);
    response.setHeader('X-ClickHouse-Summary', JSON.stringify({ read_rows: '0', written_rows: '0' }));
    await send(request, response, 200, Buffer.from(answer));
  } catch (error) {
    await sendError(request, response, error);
  }
}

/** An insert of no rows is a success for a server; chdb calls it an error. */
function isEmptyInsert(query: string, body: string): boolean {
  return /^\s*insert\b/i.test(query) && /\bformat\s+\w+\s*$/i.test(query) && body.trim() === '';
}

function statementOf(sql: string, search: URLSearchParams): Statement {
  const settings = new Map<string, string>();
  const parameters = new Map<string, string>();
  for (const [name, value] of search) {
    if (name.startsWith('param_')) parameters.set(name.slice('param_'.length), value);
    else if (!HTTP_ONLY.has(name)) settings.set(name, value);
  }
  return {
    sql,
    database: search.get('database') ?? 'default',
    format: search.get('default_format') ?? 'TabSeparated',
    settings,
    parameters,
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX)
      throw new RequestError(413, `the body is larger than ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  const raw = Buffer.concat(chunks);
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return raw.toString('utf8');
  if (encoding !== 'gzip') throw new RequestError(415, `content-encoding ${encoding}: expected gzip`);
  const inflated = await promisify(gunzip)(raw, { maxOutputLength: BODY_BYTES_MAX }).catch((error: Error) => {
    throw new RequestError(400, `the body is no gzip of at most ${BODY_BYTES_MAX} bytes: ${error.message}`);
  });
  return inflated.toString('utf8');
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: Buffer,
): Promise<void> {
  const accepted = (request.headers['accept-encoding'] ?? '').includes('gzip');
  const asked = /[?&]enable_http_compression=1(&|$)/.test(request.url ?? '');
  const packed = accepted && asked && body.length > 0 ? await promisify(gzip)(body) : body;
  if (packed !== body) response.setHeader('content-encoding', 'gzip');
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': packed.length,
  });
  response.end(packed);
}

async function sendError(request: IncomingMessage, response: ServerResponse, error: unknown): Promise<void> {
  const text = error instanceof Error ? error.message : String(error);
  // A body that was not read to its end would be taken for the next request.
  if (!request.complete) response.setHeader('connection', 'close');
  const code = /Code: (\d+)\. DB::/.exec(text)?.[1];
  if (code !== undefined) response.setHeader('X-ClickHouse-Exception-Code', code);
  const status = error instanceof RequestError ? error.status : error instanceof SessionBusy ? 503 : 500;
  await send(request, response, status, Buffer.from(`${text}\n`));
}
