/**
 * The real RedisNode: one ioredis connection with everything switched off that could send a command twice or hold
 * it back (offline queue, auto-resend, retries, reconnection). A closed node stays closed; its owner opens another.
 * This file is the edge: it may use timers.
 */
import {
  type Command,
  type Endpoint,
  NodeUnavailable,
  RedisError,
  type RedisNode,
  type RedisNodes,
  type RedisReply,
} from '@holdfast/ha-core';
import { Redis } from 'ioredis';

export type RedisNodesOptions = {
  readonly username?: string;
  readonly password?: string;
  /** Encrypted, and only to whom shows a certificate for the address that was dialled, signed by one of these (PEM). */
  readonly tls?: { readonly ca: string };
};

/** Opens connections to real Redis and Sentinel processes. */
export function createRedisNodes(options: RedisNodesOptions = {}): RedisNodes {
  return {
    open: async (endpoint, deadlineMs) => {
      const client = new Redis({
        host: endpoint.host,
        port: endpoint.port,
        ...(options.username === undefined ? {} : { username: options.username }),
        ...(options.password === undefined ? {} : { password: options.password }),
        ...(options.tls === undefined ? {} : { tls: { ca: options.tls.ca } }),
        lazyConnect: true,
        enableOfflineQueue: false,
        autoResendUnfulfilledCommands: false,
        enableReadyCheck: false,
        retryStrategy: () => null,
        maxRetriesPerRequest: 0,
        connectTimeout: deadlineMs,
        noDelay: true,
        // CLIENT SETINFO would need a right of its own, which Redis 7.0 does not know.
        disableClientInfo: true,
        // RESP3 would flatten maps such as XREAD's reply; the port has the shapes of RESP2.
        protocol: 2,
      });
      const closed = closeOnce(client);
      // The library's own promise is not trusted with the deadline: it need not settle when it is disconnected early.
      const connected = new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`not connected within ${deadlineMs} ms`)), deadlineMs);
        closed.listen((reason) => reject(new Error(reason)));
        client
          .connect()
          .then(resolve, reject)
          .finally(() => clearTimeout(late));
      });
      try {
        await connected;
      } catch (error) {
        client.disconnect();
        const why = error instanceof Error ? error.message : String(error);
        throw new NodeUnavailable(`${shown(endpoint)}: ${closed.reason() ?? why}`, false, { cause: error });
      }
      return openNode(client, endpoint, closed);
    },
  };
}

const shown = (endpoint: Endpoint): string => `${endpoint.host}:${endpoint.port}`;

type Closed = {
  /** The end on this side, or of the library's connection; the first reason stands. */
  readonly end: (reason: string) => void;
  readonly reason: () => string | undefined;
  readonly listen: (listener: (reason: string) => void) => void;
};

/** Collects the reason of the end, whichever of ioredis's events brings it first, and tells it once. */
function closeOnce(client: Redis): Closed {
  let lastError: string | undefined;
  let reason: string | undefined;
  const listeners = new Set<(reason: string) => void>();
  const end = (why: string): void => {
    if (reason !== undefined) return;
    reason = why;
    for (const listener of listeners) listener(why);
    listeners.clear();
  };
  const ended = (): void => end(lastError ?? 'connection closed');
  client.on('error', (error: Error) => {
    lastError = reasonOf(error);
  });
  client.on('close', ended);
  client.on('end', ended);
  return {
    end,
    reason: () => reason ?? lastError,
    listen: (listener) => {
      if (reason === undefined) listeners.add(listener);
      else listener(reason);
    },
  };
}

/** What TLS refuses is told as that: the plain message would not say whose certificate is meant. */
function reasonOf(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'EPROTO') return `does not speak TLS as it should: ${error.message}`;
  return /CERT|ISSUER|VERIFY|SELF_SIGNED/.test(code)
    ? `its certificate is refused (${code}): ${error.message}`
    : error.message;
}

function openNode(client: Redis, endpoint: Endpoint, closed: Closed): RedisNode {
  let open = true;
  let leaving = false;
  /**
   * It ends here and now for whoever has it: a frozen node does not answer the end of a connection, and the library would tell
   * of it two seconds later. Disconnected once: each call would add listeners of its own to the socket.
   */
  const leave = (why: string): void => {
    closed.end(why);
    if (!leaving) client.disconnect();
    leaving = true;
  };
  const underWay = new Set<(why: string) => void>();
  closed.listen((reason) => {
    open = false;
    for (const fail of underWay) fail(reason);
    underWay.clear();
  });
  const run = (commands: readonly Command[], deadlineMs: number): Promise<RedisReply[]> => {
    if (!open) return Promise.reject(new NodeUnavailable(`${shown(endpoint)}: connection closed`, false));
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        clearTimeout(late);
        underWay.delete(fail);
        reject(new NodeUnavailable(`${shown(endpoint)}: ${why}`, true));
      };
      const late = setTimeout(() => leave(`no answer within ${deadlineMs} ms`), deadlineMs);
      underWay.add(fail);
      const pipeline = client.pipeline();
      for (const [name, ...args] of commands) pipeline.call(name, ...args);
      pipeline.exec().then(
        (replies) => {
          clearTimeout(late);
          if (!underWay.delete(fail)) return;
          const values = (replies ?? []).map(([error, value]) =>
            error === null ? plain(value) : asError(error),
          );
          // The library's words about the connection are no answer of the node.
          if (replies === null || values.some(isConnectionError)) {
            reject(new NodeUnavailable(`${shown(endpoint)}: connection closed`, true));
          } else resolve(values);
        },
        (error: unknown) => fail(String(error)),
      );
    });
  };
  return {
    endpoint,
    run,
    onClosed: closed.listen,
    close: () => leave('closed here'),
  };
}

const isConnectionError = (value: RedisReply): boolean =>
  value instanceof RedisError && value.code === 'Connection';

function asError(error: Error): RedisError {
  return error.name === 'ReplyError'
    ? new RedisError(error.message)
    : new RedisError(`Connection ${error.message}`);
}

/** Replies as plain values; error replies inside a transaction's array become values too. */
function plain(value: unknown): RedisReply {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'number') return value;
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Error) return new RedisError(value.message);
  if (Array.isArray(value)) return value.map(plain);
  return JSON.stringify(value);
}
