/**
 * One TCP connection as a link of lines: ASCII, ended by `\n`, bounded in both directions.
 *
 * What the port leaves open is decided here:
 * - Listeners are called from a microtask of their own, never from inside `onLine`, `onClosed` or `close`.
 * - A registered receiver gets what came before the other side closed, then the closing is told; half a line is dropped.
 * - Bytes outside printable ASCII close the link. Sending them is a mistake of the caller and throws: a line break
 *   in a line would be a second line that nobody checked.
 * - `close` lets what was queued go out for a short while, so that a last word reaches the other side.
 */
import type { Socket } from 'node:net';
import { LINE_CHARACTERS_MAX, type Link } from '@holdfast/ha-core';

export type LinkBounds = {
  /** Bytes that may wait to be sent; one more closes the link. */
  readonly sendQueueBytesMax: number;
  /** Lines that are kept until there is a receiver; one more closes the link. */
  readonly keptLinesMax: number;
};

/** How long a closed link may take to send what was queued. */
const LINGER_MS = 1000;
const TOO_LONG = `a line above ${LINE_CHARACTERS_MAX} characters came`;
const NOT_PRINTABLE = /[^\x20-\x7e]/;
const NOT_PRINTABLE_NOR_BREAK = /[^\x20-\x7e\n]/;

/** Makes a link of an open socket. From here on the socket belongs to the link. */
export function linkOver(socket: Socket, bounds: LinkBounds): Link {
  const remote = `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? '?'}`;
  const closedListeners: ((reason: string) => void)[] = [];
  const kept: string[] = [];
  let receive: ((line: string) => void) | undefined;
  let closedReason: string | undefined;
  let closedHere = false;
  let rest = '';
  let corked = false;

  const tell = (listener: (reason: string) => void, reason: string): void => {
    queueMicrotask(() => listener(reason));
  };

  const closed = (reason: string): void => {
    if (closedReason !== undefined) return;
    closedReason = reason;
    for (const listener of closedListeners.splice(0)) tell(listener, reason);
  };

  /** The link broke a bound or a rule: nothing more is said to the other side. */
  const cutOff = (reason: string): void => {
    closed(reason);
    closedHere = true;
    kept.length = 0;
    socket.destroy();
  };

  const deliverKept = (): void => {
    while (receive !== undefined && !closedHere) {
      const line = kept.shift();
      if (line === undefined) return;
      receive(line);
    }
  };

  const take = (line: string): void => {
    if (receive !== undefined) return receive(line);
    if (kept.length >= bounds.keptLinesMax) {
      return cutOff(`more than ${bounds.keptLinesMax} lines came before anyone took them`);
    }
    kept.push(line);
  };

  const takeText = (text: string): void => {
    if (closedReason !== undefined) return;
    if (NOT_PRINTABLE_NOR_BREAK.test(text)) return cutOff('a character that is not printable ASCII came');
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      const line = rest + text.slice(start, end);
      rest = '';
      start = end + 1;
      if (line.length > LINE_CHARACTERS_MAX) return cutOff(TOO_LONG);
      take(line);
      if (closedReason !== undefined) return;
    }
    rest += text.slice(start);
    if (rest.length > LINE_CHARACTERS_MAX) cutOff(TOO_LONG);
  };

  const send = (line: string): boolean => {
    if (NOT_PRINTABLE.test(line))
      throw new Error('a line to send must be printable ASCII without line breaks');
    if (closedReason !== undefined) return false;
    if (line.length > LINE_CHARACTERS_MAX) {
      cutOff(`a line above ${LINE_CHARACTERS_MAX} characters was to be sent`);
      return false;
    }
    if (socket.writableLength + line.length + 1 > bounds.sendQueueBytesMax) {
      cutOff(`the send queue grew above ${bounds.sendQueueBytesMax} bytes`);
      return false;
    }
    // What one step sends leaves in one packet.
    if (!corked) {
      corked = true;
      socket.cork();
      process.nextTick(() => {
        corked = false;
        socket.uncork();
      });
    }
    socket.write(`${line}\n`, 'latin1');
    return true;
  };

  const close = (): void => {
    if (closedHere) return;
    closedHere = true;
    kept.length = 0;
    closed('closed here');
    leave();
  };

  /** Sends what is queued, within the limit: the other side may have stopped reading. */
  const leave = (): void => {
    if (socket.destroyed) return;
    socket.end();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(timer));
  };

  socket.setNoDelay(true);
  socket.setKeepAlive(true, 10_000);
  socket.setEncoding('latin1');
  socket.on('data', (text) => takeText(String(text)));
  socket.on('end', () => {
    closed('the other side ended the connection');
    leave();
  });
  socket.on('error', (error: NodeJS.ErrnoException) => closed(`broken: ${error.code ?? error.message}`));
  socket.on('close', () => closed('the connection is gone'));

  return {
    remote,
    send,
    onLine: (listener) => {
      receive = listener;
      queueMicrotask(deliverKept);
    },
    onClosed: (listener) => {
      if (closedReason === undefined) closedListeners.push(listener);
      else tell(listener, closedReason);
    },
    close,
  };
}
