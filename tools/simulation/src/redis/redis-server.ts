/**
 * One simulated Redis process: a single thread that takes what has arrived, executes it, flushes the log (appendfsync
 * always), and only then answers clients and feeds replicas; what arrives meanwhile waits for the next turn.
 */
import type { Endpoint } from '@holdfast/ha-core';
import type { VirtualProcess } from '../world/virtual-process.ts';
import type { Wire, WireEnd } from '../world/wire.ts';
import { createClients } from './clients.ts';
import { createCommandRunner } from './command-runner.ts';
import { createReplication } from './replication.ts';
import { append, createLog } from './replication-log.ts';
import type { RedisDisk, RedisServerState, RedisSettings } from './server-state.ts';

export type RedisServerOptions = {
  readonly wire: Wire;
  readonly process: VirtualProcess;
  readonly endpoint: Endpoint;
  readonly disk: RedisDisk;
  readonly settings: RedisSettings;
  /** How long one flush of the log takes, drawn between these. */
  readonly fsyncMs: readonly [number, number];
  /** Told when it becomes a primary, by whatever way, before anything is executed as one. */
  readonly onPrimary: (state: RedisServerState) => void;
};

/** Queues work for the thread. What `run` wants to send goes to `later`, which happens after the flush. */
export type Turn = {
  readonly work: (run: () => void) => void;
  readonly later: (send: () => void) => void;
};

/** Starts the process; returns its state, for tests that look inside. */
export function startRedisServer(options: RedisServerOptions): RedisServerState {
  const { process, wire } = options;
  const { host } = process;
  const runId = Array.from({ length: 40 }, () => Math.floor(host.random() * 16).toString(16)).join('');
  const state: RedisServerState = {
    process,
    endpoint: options.endpoint,
    runId,
    settings: options.settings,
    disk: options.disk,
    log: createLog(runId),
    primary: undefined,
    replicas: new Map(),
    connections: new Set(),
    blockedOn: { wait: 0, stream: 0, pause: 0 },
    goodReplicas: 0,
    askReplicas: false,
  };
  let inbox: (() => void)[] = [];
  let outbox: (() => void)[] = [];
  let busy = false;
  let flushedOffset = 0;

  const turn: Turn = {
    work: (run) => {
      inbox.push(run);
      if (!busy) runTurn();
    },
    later: (send) => outbox.push(send),
  };

  const runTurn = (): void => {
    busy = true;
    while (inbox.length > 0) {
      const jobs = inbox;
      inbox = [];
      for (const job of jobs) job();
      clients.checkWaiting();
    }
    if (state.askReplicas) {
      state.askReplicas = false;
      append(state.log, [['REPLCONF', 'GETACK', '*']]);
    }
    replication.feed();
    const send = outbox;
    outbox = [];
    const answer = (): void => {
      for (const each of send) each();
      busy = false;
      if (inbox.length > 0) runTurn();
    };
    if (state.log.offset === flushedOffset) return answer();
    flushedOffset = state.log.offset;
    const [least, most] = options.fsyncMs;
    host.after(least + host.random() * (most - least), answer);
  };

  const replication = createReplication({
    state,
    wire,
    turn,
    apply: (effect) => runner.apply(effect),
    onPrimary: () => options.onPrimary(state),
  });
  const clients = createClients({ state, turn, runner: () => runner });
  const runner = createCommandRunner(
    state,
    {
      follow: (of) => {
        if (of !== undefined) clients.releaseBlocked();
        replication.follow(of);
      },
      killClients: clients.kill,
      publish: clients.publish,
      pauseWrites: clients.pauseWrites,
      resumeWrites: clients.resumeWrites,
    },
    (key) => clients.streamGrown(key),
  );

  const accept = (end: WireEnd): void => {
    end.onMessage((message) => {
      if (isReplication(message)) turn.work(() => replication.receive(end, message));
      else turn.work(() => clients.receive(end, message as Parameters<typeof clients.receive>[1]));
    });
  };
  const address = `${options.endpoint.host}:${options.endpoint.port}`;
  if (wire.bind(process, address, accept) === undefined) throw new Error(`${address} is taken`);

  const everySecond = (): void => {
    turn.work(() => replication.everySecond());
    host.after(1000, everySecond);
  };
  host.after(host.random() * 1000, everySecond);
  if (options.disk.replicaOf !== undefined) replication.follow(options.disk.replicaOf);
  else options.onPrimary(state);
  return state;
}

type AnyReplication = Parameters<ReturnType<typeof createReplication>['receive']>[1];

function isReplication(message: unknown): message is AnyReplication {
  return typeof message === 'object' && message !== null && 'is' in message;
}
