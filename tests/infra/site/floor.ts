/**
 * What this machine itself takes, in the same minute and under the same load: for the start of an empty process after a kill, in a
 * container of the same engine and network, and for one fsync, of which a change of primary waits for several in a row, each
 * Sentinel for its own. No recovery can be sooner, so a machine that takes too long for these cannot show the times of the table.
 */
import { open } from 'node:fs/promises';
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

/**
 * Slower than this, a machine shows its own times and not those of what it runs. A database that is restored takes 2.3 empty starts,
 * and the table gives it 5 s; a change of primary waits for four fsyncs, and the table gives it 1 s. Calm: 600 ms and 7 ms.
 */
const MOST_MS = { start: 2000, fsync: 250 };

const PORT = 7999;
/** Above every address of the example. */
const LAST_BYTE = 250;
const LISTENS = `require('node:net').createServer((socket) => socket.end()).listen(${PORT}, '0.0.0.0')`;
/** Docker doubles its wait before a start of a container that ran for less than ten seconds. */
const RUNS_MS = 10_000;
const START_LIMIT_MS = 30_000;
const FSYNC_EVERY_MS = 100;
/** As much as a page. */
const WRITTEN = Buffer.alloc(4096, 1);

/** Why a machine with these times cannot show those of the table; undefined where it can. */
export function tooSlow({
  start,
  fsync,
}: {
  readonly start: number;
  readonly fsync: number;
}): string | undefined {
  if (start > MOST_MS.start)
    return `an empty process takes ${start} ms to start, expected at most ${MOST_MS.start}`;
  if (fsync > MOST_MS.fsync) return `an fsync takes ${fsync} ms, expected at most ${MOST_MS.fsync}`;
  return undefined;
}

/** Starts it beside the environment of this name, in its network. */
export async function openFloor(stage: Stage, environment: string): Promise<Floor> {
  const name = `holdfast-${environment}-floor`;
  const address = `${stage.subnet}.${LAST_BYTE}`;
  const docker = async (...words: string[]): Promise<string> =>
    (await run('docker', words, { env: stage.env })).trim();
  const limits = ['--user', '10001:10001', '--read-only', '--cap-drop', 'ALL', '--restart', 'unless-stopped'];
  const network = ['--network', `holdfast-${environment}`, '--ip', address];
  await docker('run', '--detach', '--name', name, ...limits, ...network, IMAGES.node, 'node', '-e', LISTENS);
  const listening = (): Promise<true> => until('it listens', START_LIMIT_MS, () => answers(address), 20);
  await listening();
  let startedAtMs = performance.now();
  return {
    start: async () => {
      await pause(Math.max(0, startedAtMs + RUNS_MS - performance.now()));
      const pid = Number(await docker('inspect', '--format', '{{.State.Pid}}', name));
      const atMs = performance.now();
      process.kill(pid, 'SIGKILL');
      await until('it is gone', START_LIMIT_MS, async () => !(await answers(address)), 1);
      await listening();
      startedAtMs = performance.now();
      return startedAtMs - atMs;
    },
    watchDisk: () => watchDisk(join(stage.folder, `${name}-disk`)),
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

function answers(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: PORT });
    socket.setTimeout(250, () => socket.destroy());
    socket.once('connect', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('error', () => socket.destroy());
    socket.once('close', () => resolve(false));
  });
}
