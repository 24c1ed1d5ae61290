/**
 * The small HTTP server of a process, on loopback: /livez, /readyz, /metrics, and JSON routes of the app's own.
 *
 * /livez speaks of the loop's progress only; /readyz says whether work is served right now. Neither is for browsers:
 * a POST with an Origin header is refused, so that no web page can reach a route through its visitor.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Endpoint, LIMITS } from '@holdfast/ha-core';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { ListenFailed } from './network.ts';

export type RouteRequest = {
  readonly path: string;
  readonly query: URLSearchParams;
  /** Parsed JSON of a POST; undefined when there was none. */
  readonly body: unknown;
  /** Lower-case names. */
  readonly headers: IncomingMessage['headers'];
};
export type RouteAnswer = { readonly status: number; readonly body: unknown };
export type Route = (request: RouteRequest) => RouteAnswer | Promise<RouteAnswer>;

export type HealthOptions = {
  readonly endpoint: Endpoint;
  /** Undefined while the loop turns, else why not. */
  readonly alive: () => string | undefined;
  /** Undefined while work is served, else why not. */
  readonly ready: () => string | undefined;
  /** What is missing while work is served all the same: /readyz stays 200 and says so. */
  readonly degraded?: () => string | undefined;
  readonly metrics: Metrics;
  /** By method and path: `'GET /ledger'`. A path that ends in `/` takes all below it. */
  readonly routes?: Readonly<Record<string, Route>>;
  /** Told of a route or a metric that failed (the answer is 500). */
  readonly log?: Log;
};

export type Health = { readonly port: number; readonly close: () => Promise<void> };

type Answer = {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly allow?: string;
};

/** Starts the server; rejects with `ListenFailed` when the endpoint cannot be had. */
export async function startHealth(options: HealthOptions): Promise<Health> {
  const server = createServer((request, response) => void respond(options, request, response));
  server.maxConnections = 256;
  server.requestTimeout = 10_000;
  server.headersTimeout = 5_000;
  await listening(server, options.endpoint);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listening(server: Server, endpoint: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new ListenFailed(endpoint, error)));
    server.listen(endpoint.port, endpoint.host, () => {
      server.removeAllListeners('error');
      server.on('error', (error) =>
        process.emitWarning(`health ${endpoint.host}:${endpoint.port}: ${error.message}`),
      );
      resolve();
    });
  });
}

async function respond(
  options: HealthOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let answer: Answer;
  try {
    answer = await answerTo(options, request);
  } catch (error) {
    if (error instanceof BadRequest) answer = json(error.status, { error: error.message });
    else {
      options.log?.error({ err: error, path: request.url }, 'a health request failed');
      answer = json(500, { error: error instanceof Error ? error.message : String(error) });
    }
  }
  // A body that was not read to its end would be taken for the next request.
  if (!request.complete) response.setHeader('connection', 'close');
  if (answer.allow !== undefined) response.setHeader('allow', answer.allow);
  response.writeHead(answer.status, {
    'content-type': answer.type,
    'content-length': Buffer.byteLength(answer.text),
    'cache-control': 'no-store',
  });
  response.end(request.method === 'HEAD' ? undefined : answer.text);
}

async function answerTo(options: HealthOptions, request: IncomingMessage): Promise<Answer> {
  const url = URL.parse(`http://localhost${request.url ?? '/'}`);
  if (url === null) return json(400, { error: 'the path cannot be read' });
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
  const builtIn = BUILT_IN[url.pathname];
  if (builtIn !== undefined) {
    return method === 'GET' ? builtIn(options) : notAllowed(['GET', 'HEAD']);
  }
  const routes = options.routes ?? {};
  const route = routeOf(routes, method, url.pathname);
  if (route === undefined) {
    const others = ['GET', 'POST'].filter((other) => routeOf(routes, other, url.pathname) !== undefined);
    return others.length > 0 ? notAllowed(others) : json(404, { error: `no such path: ${url.pathname}` });
  }
  if (method !== 'GET' && request.headers.origin !== undefined) {
    return json(403, { error: 'not for web pages: a request with an Origin header is refused' });
  }
  const body = method === 'GET' ? undefined : await readJson(request);
  const { status, body: answer } = await route({
    path: url.pathname,
    query: url.searchParams,
    body,
    headers: request.headers,
  });
  return json(status, answer);
}

const BUILT_IN: Readonly<Record<string, (options: HealthOptions) => Answer | Promise<Answer>>> = {
  '/livez': (options) => verdict(options.alive()),
  '/readyz': (options) => verdict(options.ready(), options.degraded?.()),
  '/metrics': async ({ metrics }) => ({ status: 200, type: metrics.contentType, text: await metrics.text() }),
};

/** The answer of a health route: 200 without a reason, and what is missing all the same; else 503 and the reason. */
export function verdict(
  reason: string | undefined,
  degraded?: string,
): Answer & { readonly status: 200 | 503 } {
  const good = degraded === undefined ? 'ok' : `ok, DEGRADED: ${degraded}`;
  return {
    status: reason === undefined ? 200 : 503,
    type: 'text/plain; charset=utf-8',
    text: `${reason ?? good}\n`,
  };
}

function routeOf(routes: Readonly<Record<string, Route>>, method: string, path: string): Route | undefined {
  const exact = routes[`${method} ${path}`];
  if (exact !== undefined) return exact;
  const above = Object.keys(routes)
    .filter((key) => key.endsWith('/') && `${method} ${path}`.startsWith(key))
    .sort((a, b) => b.length - a.length)[0];
  return above === undefined ? undefined : routes[above];
}

function notAllowed(methods: readonly string[]): Answer {
  const allow = methods.join(', ');
  return { ...json(405, { error: `expected ${allow}` }), allow };
}

function json(status: number, body: unknown): Answer {
  return { status, type: 'application/json; charset=utf-8', text: `${JSON.stringify(body ?? null)}\n` };
}

class BadRequest extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = 'BadRequest';
    this.status = status;
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const buffer = chunk as Buffer;
    bytes += buffer.length;
    if (bytes > LIMITS.bodyBytesMax)
      throw new BadRequest(413, `the body is above ${LIMITS.bodyBytesMax} bytes`);
    chunks.push(buffer);
  }
  if (bytes === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch (error) {
    throw new BadRequest(
      400,
      `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
