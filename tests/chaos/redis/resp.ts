/**
 * A small RESP2 client for the tests alone. It shares no code with the product, so that a mistake in the product's
 * client cannot hide what the checker should see.
 */
import { connect, type Socket } from 'node:net';

export type Reply = string | number | null | ReplyError | readonly Reply[];

export type Address = { readonly host: string; readonly port: number };

/** An error reply of Redis, as a value. */
export type ReplyError = { readonly error: string };

export type Resp = {
  /** Sends commands in one write and resolves with their replies, in order. Rejects when the limit passes. */
  readonly ask: (commands: readonly (readonly string[])[], limitMs: number) => Promise<Reply[]>;
  readonly close: () => void;
};

type Waiting = {
  count: number;
  replies: Reply[];
  resolve: (replies: Reply[]) => void;
  reject: (e: Error) => void;
};

export const shown = ({ host, port }: Address): string => `${host}:${port}`;

/** Connects, and gives the password where there is one. Rejects when that takes longer than `limitMs`. */
export async function openResp(at: Address, password: string | undefined, limitMs: number): Promise<Resp> {
  const socket = await dial(at, limitMs);
  const resp = overSocket(socket, at);
  if (password !== undefined) {
    const [said] = await resp.ask([['AUTH', password]], limitMs);
    // A node without a password says so; whoever asks may go on.
    if (isError(said) && !said.error.includes('without any password')) {
      resp.close();
      throw new Error(`${shown(at)}: ${said.error}`);
    }
  }
  return resp;
}

/** Opens, asks once, closes. */
export async function askOnce(
  at: Address,
  password: string | undefined,
  commands: readonly (readonly string[])[],
  limitMs = 1000,
): Promise<Reply[]> {
  const resp = await openResp(at, password, limitMs);
  try {
    return await resp.ask(commands, limitMs);
  } finally {
    resp.close();
  }
}

export function isError(reply: Reply | undefined): reply is ReplyError {
  return typeof reply === 'object' && reply !== null && 'error' in reply;
}

/** A reply as text: of a list or an error its JSON. */
export function textOf(reply: Reply | undefined): string {
  return typeof reply === 'string' ? reply : JSON.stringify(reply ?? null).replace(/^null$/, '');
}

/** A list reply; an empty one for anything else. */
export function listOf(reply: Reply | undefined): readonly Reply[] {
  return Array.isArray(reply) ? (reply as readonly Reply[]) : [];
}

/** A reply of names and values in turn, as an object. */
export function fieldsOf(reply: Reply | undefined): Record<string, string> {
  const parts = listOf(reply);
  const fields: Record<string, string> = {};
  for (let i = 0; i + 1 < parts.length; i += 2) fields[textOf(parts[i])] = textOf(parts[i + 1]);
  return fields;
}

function dial({ host, port }: Address, limitMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    const late = setTimeout(() => socket.destroy(new Error(`no connection within ${limitMs} ms`)), limitMs);
    const failed = (error: Error): void => {
      clearTimeout(late);
      reject(new Error(`${host}:${port}: ${error.message}`, { cause: error }));
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      clearTimeout(late);
      socket.off('error', failed);
      resolve(socket);
    });
  });
}

function overSocket(socket: Socket, at: Address): Resp {
  const waiting: Waiting[] = [];
  let buffer: Buffer = Buffer.alloc(0);
  let ended: Error | undefined;
  const end = (error: Error): void => {
    ended ??= error;
    for (const one of waiting.splice(0)) one.reject(ended);
    socket.destroy();
  };
  socket.on('error', (error) => end(new Error(`${shown(at)}: ${error.message}`, { cause: error })));
  socket.on('close', () => end(new Error(`${shown(at)}: connection closed`)));
  socket.on('data', (chunk) => {
    buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk]);
    let at = 0;
    for (;;) {
      const [first] = waiting;
      const parsed = first === undefined ? undefined : parse(buffer, at);
      if (first === undefined || parsed === undefined) break;
      at = parsed.next;
      first.replies.push(parsed.reply);
      if (first.replies.length === first.count) {
        waiting.shift();
        first.resolve(first.replies);
      }
    }
    buffer = buffer.subarray(at);
  });
  return {
    ask: (commands, limitMs) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) return reject(ended);
        const late = setTimeout(
          () => end(new Error(`${shown(at)}: no answer within ${limitMs} ms`)),
          limitMs,
        );
        const done = { resolve, reject };
        waiting.push({
          count: commands.length,
          replies: [],
          resolve: (replies) => {
            clearTimeout(late);
            done.resolve(replies);
          },
          reject: (error) => {
            clearTimeout(late);
            done.reject(error);
          },
        });
        socket.write(commands.map(encode).join(''));
        return undefined;
      }),
    close: () => end(new Error(`${shown(at)}: closed`)),
  };
}

function encode(command: readonly string[]): string {
  const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
  return `*${command.length}\r\n${parts.join('')}`;
}

/** One reply from `at` on; undefined when it is not complete yet. */
function parse(buffer: Buffer, at: number): { reply: Reply; next: number } | undefined {
  const end = buffer.indexOf('\r\n', at);
  if (end < 0) return undefined;
  const text = buffer.toString('latin1', at + 1, end);
  const next = end + 2;
  switch (buffer.toString('latin1', at, at + 1)) {
    case '+':
      return { reply: text, next };
    case '-':
      return { reply: { error: text }, next };
    case ':':
      return { reply: Number(text), next };
    case '$': {
      const length = Number(text);
      if (length < 0) return { reply: null, next };
      if (buffer.length < next + length + 2) return undefined;
      return { reply: buffer.toString('utf8', next, next + length), next: next + length + 2 };
    }
    case '*': {
      const replies: Reply[] = [];
      let from = next;
      for (let i = 0; i < Number(text); i += 1) {
        const one = parse(buffer, from);
        if (one === undefined) return undefined;
        replies.push(one.reply);
        from = one.next;
      }
      return { reply: Number(text) < 0 ? null : replies, next: from };
    }
    default:
      throw new Error(`not RESP: ${JSON.stringify(text)}`);
  }
}
