/** Listening and dialling: every outcome that the port names, on real sockets. */
import { connect, type Socket } from 'node:net';
import type { DialOutcome, Endpoint, Link, Listener } from '@holdfast/ha-core';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createTcpNetwork, ListenFailed } from './network.ts';
import { startChild as spawnChild } from './testing/child.ts';

const HOST = '127.0.0.1';
const network = createTcpNetwork();

async function listen(onLink: (link: Link) => void, from = network): Promise<Listener> {
  const listener = await from.listen({ host: HOST, port: 0 }, onLink);
  onTestFinished(() => listener.close());
  return listener;
}

/** A port that nobody listens at. */
async function freePort(): Promise<number> {
  const listener = await network.listen({ host: HOST, port: 0 }, () => undefined);
  listener.close();
  return listener.port;
}

function opened(outcome: DialOutcome): Link {
  if (outcome.is !== 'open') throw new Error(`expected an open link: ${outcome.detail}`);
  onTestFinished(() => outcome.link.close());
  return outcome.link;
}

test('lines go both ways, in order, each once', async () => {
  const listener = await listen((link) => link.onLine((line) => link.send(`echo ${line}`)));
  const link = opened(await network.dial({ host: HOST, port: listener.port }, 1000));
  const lines: string[] = [];
  link.onLine((line) => lines.push(line));
  const sent = Array.from({ length: 2000 }, (_, number) => `line ${number}`);
  for (const line of sent) expect(link.send(line)).toBe(true);
  await vi.waitFor(() => expect(lines).toHaveLength(2000));
  expect(lines).toEqual(sent.map((line) => `echo ${line}`));
});

test('nobody listens: refused', async () => {
  const port = await freePort();
  const outcome = await network.dial({ host: HOST, port }, 1000);
  expect(outcome).toMatchObject({ is: 'failed', why: 'refused' });
  expect(outcome.is === 'failed' && outcome.detail).toContain(`${HOST}:${port}`);
});

test('a name with several addresses is refused when all of them refuse', async () => {
  const outcome = await network.dial({ host: 'localhost', port: await freePort() }, 1000);
  expect(outcome).toMatchObject({ is: 'failed', why: 'refused' });
});

test('a name that does not exist, and a port that is none: unreachable, never a rejection', async () => {
  expect(await network.dial({ host: 'nowhere.invalid', port: 1 }, 5000)).toMatchObject({
    why: 'unreachable',
  });
  expect(await network.dial({ host: HOST, port: 70_000 }, 1000)).toMatchObject({ why: 'unreachable' });
});

test('a host that does not answer: timeout, within the deadline', async () => {
  const endpoint = await silentEndpoint();
  const startedMs = performance.now();
  const outcome = await network.dial(endpoint, 150);
  expect(outcome).toMatchObject({ is: 'failed', why: 'timeout' });
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(149);
});

test('a taken port is said with its endpoint and code', async () => {
  const listener = await listen(() => undefined);
  const failure = network.listen({ host: HOST, port: listener.port }, () => undefined);
  await expect(failure).rejects.toThrow(
    `cannot listen at ${HOST}:${listener.port}: another process listens there`,
  );
  await expect(failure).rejects.toBeInstanceOf(ListenFailed);
  await expect(failure).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('a closed listener refuses, the links that it gave live on', async () => {
  const links: Link[] = [];
  const listener = await listen((link) => {
    links.push(link);
    link.onLine((line) => link.send(line));
  });
  const link = opened(await network.dial({ host: HOST, port: listener.port }, 1000));
  await vi.waitFor(() => expect(links).toHaveLength(1));
  listener.close();
  await vi.waitFor(async () =>
    expect(await network.dial({ host: HOST, port: listener.port }, 1000)).toMatchObject({ why: 'refused' }),
  );
  const lines: string[] = [];
  link.onLine((line) => lines.push(line));
  link.send('still here');
  await vi.waitFor(() => expect(lines).toEqual(['still here']));
});

test('connections above the bound are closed at once', async () => {
  const links: Link[] = [];
  const listener = await listen((link) => links.push(link), createTcpNetwork({ linksMax: 1 }));
  const first = opened(await network.dial({ host: HOST, port: listener.port }, 1000));
  await vi.waitFor(() => expect(links).toHaveLength(1));
  const second = opened(await network.dial({ host: HOST, port: listener.port }, 1000));
  await new Promise((resolve) => second.onClosed(resolve));
  expect(links).toHaveLength(1);
  expect(first.send('open')).toBe(true);
});

const startChild: typeof spawnChild = (body, options) => {
  const child = spawnChild(body, options);
  onTestFinished(child.end);
  return child;
};

/** A process that listens and accepts nothing, its queue full: the system leaves further connections unanswered. */
async function silentEndpoint(): Promise<Endpoint> {
  const child = startChild(`
    import { createServer } from 'node:net';
    const server = createServer().listen({ host: '${HOST}', port: 0, backlog: 1 }, () => {
      fs.writeSync(1, 'port ' + server.address().port + ';');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });
    import fs from 'node:fs';`);
  await child.says(';');
  const port = Number(/port (\d+);/.exec(child.output())?.[1]);
  const waiting: Socket[] = [];
  for (let queued = 0; queued < 8; queued += 1) {
    const socket = connect(port, HOST);
    socket.on('error', () => undefined);
    waiting.push(socket);
  }
  onTestFinished(() => waiting.forEach((socket) => socket.destroy()));
  await vi.waitFor(() =>
    expect(waiting.filter((socket) => socket.readyState === 'open').length).toBeGreaterThan(0),
  );
  return { host: HOST, port };
}
