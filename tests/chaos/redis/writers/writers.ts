/** The writers, one on each client machine: started once, then given a new account for every run. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { within } from '@holdfast/drill';
import { type Child, startChild } from '../hosts/child.ts';
import type { Cluster } from '../hosts/cluster.ts';
import { CLIENTS, type Client, type TestNetwork } from '../hosts/network.ts';
import type { Story } from '../story.ts';
import { createTail, type Told } from './record.ts';
import type { FromWriter, ToWriter, WriterOptions } from './writer-main.ts';

const PROGRAM = fileURLToPath(new URL('./writer-main.ts', import.meta.url));
const READY_WITHIN_MS = 20_000;
/** Above the time after which the inbox answers whatever happened. */
const DRAINED_WITHIN_MS = 8000;

export type Writers = {
  readonly names: readonly string[];
  /** Client machine → writer there. */
  readonly on: (client: Client) => string;
  readonly write: (account: string) => void;
  /** No new writes; resolves when everything under way was told. Throws when that does not come. */
  readonly pause: () => Promise<void>;
  /** All that was told of the account so far. */
  readonly told: (account: string) => readonly Told[];
  /** Forgets what was told of earlier accounts. */
  readonly forget: () => void;
  readonly stop: () => Promise<void>;
};

/** Starts a writer on each client machine. */
export async function startWriters(options: {
  readonly cluster: Cluster;
  readonly network: TestNetwork;
  readonly story: Story;
  readonly folder: string;
  readonly perSecond: number;
}): Promise<Writers> {
  const { cluster, network, story } = options;
  const all = CLIENTS.map((client, index) => {
    const name = `writer-${index + 1}`;
    const file = join(options.folder, `${name}.told`);
    writeFileSync(file, '');
    const how: WriterOptions = {
      name,
      nodes: cluster.files.values.redis.nodes.map(({ host, port }) => ({ host, port })),
      password: cluster.files.password,
      file,
      perSecond: options.perSecond,
    };
    const state = { ready: false, drained: false };
    const child: Child = startChild({
      name,
      command: network.on(client, [process.execPath, PROGRAM, JSON.stringify(how)]),
      story,
      onMessage: (message) => {
        const said = message as FromWriter;
        if (said.is === 'log') story.line(name, said.text);
        else state[said.is] = true;
      },
    });
    return { name, client, child, state, tail: createTail(file) };
  });
  let told: Told[] = [];
  const readOn = (): void => {
    for (const { tail } of all) told.push(...tail());
  };
  const each = (message: ToWriter): void => {
    for (const { child } of all) child.send(message);
  };
  const reached = async (what: 'ready' | 'drained', limitMs: number): Promise<void> => {
    const done = await within({ limitMs, everyMs: 5 }, () =>
      all.every(({ state }) => state[what]) ? true : undefined,
    );
    const late = all.filter(({ state }) => !state[what]).map(({ name }) => name);
    if (done === undefined) throw new Error(`${late.join(', ')} not ${what} within ${limitMs} ms`);
  };
  await reached('ready', READY_WITHIN_MS);
  return {
    names: all.map(({ name }) => name),
    on: (client) => all.find((one) => one.client === client)?.name ?? '',
    write: (account) => each({ do: 'write', account }),
    pause: async () => {
      for (const { state } of all) state.drained = false;
      each({ do: 'pause' });
      await reached('drained', DRAINED_WITHIN_MS);
      readOn();
    },
    told: (account) => {
      readOn();
      return told.filter((one) => one.account === account);
    },
    forget: () => {
      readOn();
      told = [];
    },
    stop: async () => {
      await Promise.all(all.map(({ child }) => child.kill()));
    },
  };
}
