/** A link's rules, with a raw socket on the other side that keeps none of them. */
import { connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { LINE_CHARACTERS_MAX, type Link } from '@holdfast/ha-core';
import { expect, onTestFinished, test, vi } from 'vitest';
import { linkOver } from './link.ts';

type Pair = {
  readonly link: Link;
  /** The socket that the link owns. */
  readonly socket: Socket;
  readonly raw: Socket;
  readonly lines: string[];
  readonly reason: Promise<string>;
};

/** A link and the raw socket at its other end. `receive: false` registers no receiver. */
async function pair(
  options: { sendQueueBytesMax?: number; keptLinesMax?: number; receive?: boolean } = {},
): Promise<Pair> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const raw = connect({ host: '127.0.0.1', port: address.port, allowHalfOpen: true });
  raw.on('error', () => undefined);
  const [socket] = await accepted;
  server.close();
  const link = linkOver(socket, {
    sendQueueBytesMax: options.sendQueueBytesMax ?? 1024 * 1024,
    keptLinesMax: options.keptLinesMax ?? 8,
  });
  onTestFinished(() => {
    link.close();
    raw.destroy();
  });
  const lines: string[] = [];
  if (options.receive !== false) link.onLine((line) => lines.push(line));
  const reason = new Promise<string>((resolve) => link.onClosed(resolve));
  return { link, socket, raw, lines, reason };
}

async function textOf(raw: Socket): Promise<string> {
  let text = '';
  raw.setEncoding('latin1').on('data', (more: string) => (text += more));
  await once(raw, 'end');
  return text;
}

test('lines are cut at line breaks wherever the packets end; empty ones count', async () => {
  const { raw, lines } = await pair();
  for (const part of ['HEL', 'LO a=1\nST', 'ATE\n\nlast', '\n']) {
    raw.write(part);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await vi.waitFor(() => expect(lines).toEqual(['HELLO a=1', 'STATE', '', 'last']));
});

test('what came before the receiver was there is kept for it, in order, never delivered from inside onLine', async () => {
  const { link, socket, raw, lines } = await pair({ receive: false });
  raw.write('one\ntwo\n');
  await once(socket, 'data');
  link.onLine((line) => lines.push(line));
  expect(lines).toEqual([]);
  raw.write('three\n');
  await vi.waitFor(() => expect(lines).toEqual(['one', 'two', 'three']));
});

test('more kept lines than the bound close the link', async () => {
  const { raw, reason } = await pair({ receive: false, keptLinesMax: 8 });
  raw.write('line\n'.repeat(9));
  expect(await reason).toBe('more than 8 lines came before anyone took them');
});

test('a later receiver takes the place of the earlier one', async () => {
  const { link, raw, lines } = await pair();
  raw.write('one\n');
  await vi.waitFor(() => expect(lines).toEqual(['one']));
  const later: string[] = [];
  link.onLine((line) => later.push(line));
  raw.write('two\n');
  await vi.waitFor(() => expect(later).toEqual(['two']));
  expect(lines).toEqual(['one']);
});

test('the longest line passes, one character more closes the link, ended or not', async () => {
  const longest = await pair();
  longest.raw.write(`${'x'.repeat(LINE_CHARACTERS_MAX)}\n`);
  await vi.waitFor(() => expect(longest.lines).toHaveLength(1));
  longest.raw.write(`${'x'.repeat(LINE_CHARACTERS_MAX + 1)}\n`);
  expect(await longest.reason).toBe(`a line above ${LINE_CHARACTERS_MAX} characters came`);
  expect(longest.lines).toHaveLength(1);

  const endless = await pair();
  endless.raw.write('x'.repeat(LINE_CHARACTERS_MAX + 1));
  expect(await endless.reason).toBe(`a line above ${LINE_CHARACTERS_MAX} characters came`);
});

test('nothing of a long line that is followed by others is delivered', async () => {
  const { raw, lines, reason } = await pair();
  raw.write(`first\n${'x'.repeat(LINE_CHARACTERS_MAX + 1)}\nSEND after\n`);
  await reason;
  expect(lines.filter((line) => line !== 'first')).toEqual([]);
});

test.each(['\0', '\r\n', '\t', 'ä', '\x7f'])(
  'a character that is not printable ASCII closes the link: %j',
  async (text) => {
    const { raw, lines, reason } = await pair();
    raw.write(`HELLO ${text}\n`);
    expect(await reason).toBe('a character that is not printable ASCII came');
    expect(lines).toEqual([]);
  },
);

test('sending what is no line is a mistake of the caller', async () => {
  const { link } = await pair();
  expect(() => link.send('one\ntwo')).toThrow('printable ASCII');
  expect(() => link.send('ä')).toThrow('printable ASCII');
  expect(link.send('')).toBe(true);
});

test('a line to send above the bound closes the link and is not sent', async () => {
  const { link, raw, reason } = await pair();
  const text = textOf(raw.on('close', () => undefined));
  expect(link.send('x'.repeat(LINE_CHARACTERS_MAX + 1))).toBe(false);
  expect(await reason).toContain('was to be sent');
  expect(await text).toBe('');
});

test('a send queue above its bound closes the link: the other side reads nothing', async () => {
  const { link, raw, reason } = await pair({ sendQueueBytesMax: 64 * 1024 });
  raw.pause();
  const line = 'x'.repeat(8 * 1024);
  let sent = 0;
  // The system's own buffers take some megabytes first.
  while (link.send(line) && sent < 100_000) {
    sent += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(sent).toBeLessThan(100_000);
  expect(await reason).toBe('the send queue grew above 65536 bytes');
  expect(link.send('more')).toBe(false);
});

test('a half-closed link closes: what came before is delivered, half a line is not', async () => {
  const { link, raw, lines, reason } = await pair();
  raw.end('one\ntwo\nhalf');
  expect(await reason).toBe('the other side ended the connection');
  expect(lines).toEqual(['one', 'two']);
  expect(link.send('more')).toBe(false);
});

test("a reset link closes with the system's reason", async () => {
  const { raw, reason } = await pair();
  raw.resetAndDestroy();
  expect(await reason).toBe('broken: ECONNRESET');
});

test('a last word is sent before the link closes', async () => {
  const { link, raw, reason } = await pair();
  const text = textOf(raw);
  link.send('BYE reason=shutdown');
  link.close();
  link.close();
  expect(await reason).toBe('closed here');
  expect(await text).toBe('BYE reason=shutdown\n');
  expect(link.send('more')).toBe(false);
});

test('a closed link ends although the other side neither reads nor ends', async () => {
  const { link, socket, raw } = await pair();
  raw.pause();
  for (let sent = 0; sent < 200; sent += 1) {
    link.send('x'.repeat(4096));
    await new Promise((resolve) => setImmediate(resolve));
  }
  link.close();
  const closed = new Promise<void>((resolve) => raw.on('close', () => resolve()));
  // Writing to a socket that is gone is answered by a reset.
  const writing = setInterval(() => raw.write('anyone?\n'), 20);
  onTestFinished(() => clearInterval(writing));
  await closed;
  expect(socket.destroyed).toBe(true);
});

test('after close nothing more is delivered, also not from the same packet', async () => {
  const { link, raw, lines } = await pair({ receive: false });
  link.onLine((line) => {
    lines.push(line);
    link.close();
  });
  const ended = textOf(raw);
  raw.write('one\ntwo\n');
  await ended;
  expect(lines).toEqual(['one']);
});

test('every closed listener is told once, with the first reason, also afterwards, never from inside the call', async () => {
  const { link, reason } = await pair();
  const told: string[] = [];
  link.onClosed((why) => told.push(`before: ${why}`));
  link.close();
  expect(told).toEqual([]);
  await reason;
  link.onClosed((why) => told.push(`after: ${why}`));
  expect(told).toEqual(['before: closed here']);
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual(['before: closed here', 'after: closed here']);
});

test('the other end is named', async () => {
  const { link, raw } = await pair();
  expect(link.remote).toBe(`127.0.0.1:${raw.localPort}`);
});
