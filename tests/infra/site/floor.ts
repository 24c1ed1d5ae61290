/**
 * What this machine itself takes, in the same minute and under the same load: for the start of an empty process after a kill, in a
 * container of the same engine, and for one fsync, of which a change of primary waits for several in a row, each
 * Sentinel for its own. What waits for these cannot be sooner, so a machine that takes long for them cannot show the table's times.
 */
import { chown, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../../e2e/cluster.ts';
import { run } from '../host/commands.ts';
import type { Stage } from '../host/global-setup.ts';
import { IMAGES } from '../host/images.ts';

export type Floor = {
  /** Kills the empty process; answers how long it was until it listened again, in ms. Not more often than every ten seconds. */
  readonly start: () => Promise<number>;
  /** Writes to the disk of the engine until the answer is called, which tells how long the slowest fsync took, in ms. */
  readonly watchDisk: () => () => Promise<number>;
  readonly remove: () => Promise<void>;
};

/** What the machine took. */
export type Machine = { readonly start: number; readonly fsync: number };

/** Each Sentinel of a majority writes its vote, and the leader its epoch and whom it promotes. */
const FSYNCS = 4;

/** In the folder that the container shares with this machine. It needs no network, whose engine keeps its own account of each start. */
const SOCKET = 'socket';
const LISTENS = `
  require('node:fs').rmSync('/floor/${SOCKET}', { force: true });
  require('node:net').createServer((socket) => socket.end()).listen('/floor/${SOCKET}');
`;
/** The user and group in our images. */
const OWNER = 10_001;
/** Docker doubles its wait before a start of a container that ran for less than ten seconds. */
const RUNS_MS = 10_000;
const START_LIMIT_MS = 30_000;
const FSYNC_EVERY_MS = 100;
/** As much as a page. */
const WRITTEN = Buffer.alloc(4096, 1);

/** The time of a calm machine with two processors. */
const CALM_START_MS = 500;
/** Below 1, so that on such a machine nothing over its limit is excused. */
const OF_LIMIT = 0.8;

/** What a recovery with this limit may take on a machine that is so much slower than a calm one, in ms. */
export function machinesShare({ start, fsync }: Machine, limitMs: number): number {
  return (OF_LIMIT * limitMs * start) / CALM_START_MS + FSYNCS * fsync;
}

/** Starts it beside the environment of this name. */
export async function openFloor(stage: Stage, environment: string): Promise<Floor> {
  const name = `holdfast-${environment}-floor`;
  const folder = join(stage.folder, name);
  await mkdir(folder);
  await chown(folder, OWNER, OWNER);
  const docker = async (...words: string[]): Promise<string> =>
    (await run('docker', words, { env: stage.env })).trim();
  const limits = ['--user', `${OWNER}:${OWNER}`, '--read-only', '--cap-drop', 'ALL', '--network', 'none'];
  const kept = ['--restart', 'unless-stopped', '--volume', `${folder}:/floor`];
  await docker('run', '--detach', '--name', name, ...limits, ...kept, IMAGES.node, 'node', '-e', LISTENS);
  const socket = join(folder, SOCKET);
  const listening = (): Promise<true> => until('it listens', START_LIMIT_MS, () => answers(socket), 20);
  await listening();
  let startedAtMs = performance.now();
  return {
    start: async () => {
      await pause(Math.max(0, startedAtMs + RUNS_MS - performance.now()));
      const pid = Number(await docker('inspect', '--format', '{{.State.Pid}}', name));
      const atMs = performance.now();
      process.kill(pid, 'SIGKILL');
      await until('it is gone', START_LIMIT_MS, async () => !(await answers(socket)), 1);
      await listening();
      startedAtMs = performance.now();
      return startedAtMs - atMs;
    },
    watchDisk: () => watchDisk(join(folder, 'disk')),
    remove: async () => {
      await docker('rm', '--force', name);
    },
  };
}

function watchDisk(path: string): () => Promise<number> {
  let ended = false;
  const slowest = (async () => {
    let mostMs = 0;
    const file = await open(path, 'w');
    try {
      while (!ended) {
        await file.write(WRITTEN, 0, WRITTEN.length, 0);
        const atMs = performance.now();
        await file.sync();
        mostMs = Math.max(mostMs, performance.now() - atMs);
        await pause(FSYNC_EVERY_MS);
      }
    } finally {
      await file.close();
    }
    return mostMs;
  })();
  return () => {
    ended = true;
    return slowest;
  };
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.setTimeout(250, () => socket.destroy());
    socket.once('connect', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('error', () => socket.destroy());
    socket.once('close', () => resolve(false));
  });
}
