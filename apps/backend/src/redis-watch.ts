/**
 * Once a second, beside the hot path: says in `hf:nodes` that this backend is there, and asks the primary what status
 * and limits need (memory, replication, who else is there). One plain connection to whatever primary the acknowledged
 * writer works with; nothing that is promised depends on it.
 */
import {
  type Command,
  type Endpoint,
  type Host,
  LIMITS,
  RedisError,
  type RedisNode,
  type RedisNodes,
  type RedisReply,
  sleep,
} from '@holdfast/ha-core';
import {
  announceCommand,
  FAILOVERS_KEY,
  hashOf,
  NODES_KEY,
  readFailovers,
  type StoredFailover,
  type WriterView,
} from '@holdfast/redis';
import type { Log } from './log.ts';
import type { MemoryGate, MemoryReading } from './memory-gate.ts';
import { createTrouble } from './trouble.ts';

export type ReplicaView = { readonly endpoint: string; readonly lagBytes: number; readonly online: boolean };

/** What a node of the system says of itself, as it is kept in `hf:nodes`. */
export type NodeView = {
  readonly name: string;
  readonly kind: string;
  readonly role: string;
  readonly pid: number;
  readonly endpoint: string;
  /** False when it has not spoken for three seconds, by this backend's own clock. */
  readonly healthy: boolean;
  readonly at: number;
  readonly detail: unknown;
};

export type RedisView = {
  readonly replicas: readonly ReplicaView[];
  readonly usedMemoryPercent: number;
  readonly nodes: readonly NodeView[];
  /** The last changes of primary, newest first. */
  readonly failovers: readonly StoredFailover[];
};

export type RedisWatchOptions = {
  readonly name: string;
  readonly host: Host;
  readonly redis: RedisNodes;
  readonly nodes: readonly Endpoint[];
  readonly log: Log;
  readonly writerView: () => WriterView;
  /** What to say in `hf:nodes`, without the name. */
  readonly announcement: () => Readonly<Record<string, unknown>>;
  readonly maxmemoryBytes: number;
  /** Told of each reading of the memory, from its beginning on. */
  readonly memory: Pick<MemoryGate, 'begin'>;
};

export type RedisWatch = {
  readonly view: () => RedisView;
  /** Asks again soon, and not only when the second is over. */
  readonly hurry: () => void;
  readonly stop: () => void;
};

const EVERY_MS = 1000;
/** Between two readings at the least. */
const PAUSE_MS = 50;
const SILENT_MS = 3000;
/** A node that has been silent for this long is forgotten by status, a day after it was last seen. */
const FORGOTTEN_MS = 86_400_000;

export function createRedisWatch(options: RedisWatchOptions): RedisWatch {
  const { host } = options;
  let view: RedisView = { replicas: [], usedMemoryPercent: 0, nodes: [], failovers: [] };
  let node: RedisNode | undefined;
  let stopped = false;
  let wake = (): void => undefined;
  let hurried = false;
  const trouble = createTrouble(host, options.log, 'the primary cannot be asked for its state');
  const heard = new Map<string, { at: number; heardAtMs: number }>();

  const connected = async (): Promise<RedisNode | undefined> => {
    const primary = options.writerView().primary;
    if (node !== undefined && nameOf(node.endpoint) === primary) return node;
    node?.close();
    node = undefined;
    const endpoint = options.nodes.find((one) => nameOf(one) === primary) ?? parseEndpoint(primary);
    if (endpoint === undefined) return undefined;
    const opened = await options.redis.open(endpoint, LIMITS.dialDeadlineMs);
    opened.onClosed(() => {
      if (node === opened) node = undefined;
    });
    node = opened;
    return opened;
  };

  /** False while there is nobody to ask: the writer tells that there is no primary. */
  const turn = async (): Promise<boolean> => {
    const redis = await connected();
    if (redis === undefined) return false;
    const said = JSON.stringify({ ...options.announcement(), at: host.wallMs() });
    const commands: Command[] = [
      announceCommand(options.name, said),
      ['INFO', 'memory'],
      ['INFO', 'replication'],
      ['HGETALL', NODES_KEY],
      ['LRANGE', FAILOVERS_KEY, '0', '-1'],
    ];
    const finish = options.memory.begin();
    const replies = await redis.run(commands, LIMITS.commandDeadlineMs);
    const [, memory, replication, nodes, failovers] = replies;
    // The announcement alone may be refused, while there is no replica or no library yet.
    const refused = replies.slice(1).find((reply) => reply instanceof RedisError);
    if (refused instanceof RedisError) throw refused;
    const reading = memoryOf(infoOf(memory), options.maxmemoryBytes);
    finish(reading);
    view = {
      usedMemoryPercent: (reading.usedBytes / reading.mostBytes) * 100,
      replicas: replicasOf(infoOf(replication)),
      nodes: nodesOf(hashOf(nodes)),
      failovers: readFailovers(failovers),
    };
    return true;
  };

  const nodesOf = (said: Record<string, string>): NodeView[] =>
    Object.entries(said).flatMap(([name, text]) => {
      const row = JSON.parse(text) as Omit<NodeView, 'name' | 'healthy'>;
      const before = heard.get(name);
      const nowMs = host.monotonicMs();
      const agedMs = host.wallMs() - row.at;
      // At the first look only the wall clocks can say how old it is; later our own clock does.
      const first = before === undefined ? nowMs - Math.max(0, agedMs) : before.heardAtMs;
      const heardAtMs = before !== undefined && before.at !== row.at ? nowMs : first;
      heard.set(name, { at: row.at, heardAtMs });
      if (agedMs > FORGOTTEN_MS) return [];
      return [{ ...row, name, healthy: nowMs - heardAtMs < SILENT_MS }];
    });

  const run = async (): Promise<void> => {
    while (!stopped) {
      const startedMs = host.monotonicMs();
      let asked = true;
      try {
        asked = await turn();
        if (asked) trouble.over();
      } catch (error) {
        trouble.is(error instanceof Error ? error.message : String(error));
        node?.close();
        node = undefined;
      }
      await sleep(host, PAUSE_MS);
      if (asked && !hurried && !stopped) await untilDue(EVERY_MS - (host.monotonicMs() - startedMs));
      hurried = false;
    }
  };

  /** Until the second is over, or somebody is in a hurry. */
  const untilDue = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const cancel = host.after(Math.max(0, ms), resolve);
      wake = () => {
        cancel();
        resolve();
      };
    });

  void run();
  return {
    view: () => view,
    hurry: () => {
      hurried = true;
      wake();
    },
    stop: () => {
      stopped = true;
      wake();
      node?.close();
    },
  };
}

const nameOf = (endpoint: Endpoint): string => `${endpoint.host}:${endpoint.port}`;

function parseEndpoint(text: string | undefined): Endpoint | undefined {
  const at = text?.lastIndexOf(':') ?? -1;
  return text === undefined || at < 0
    ? undefined
    : { host: text.slice(0, at), port: Number(text.slice(at + 1)) };
}

/** INFO's `field:value` lines. */
function infoOf(reply: RedisReply | undefined): ReadonlyMap<string, string> {
  const lines = String(reply ?? '').split('\r\n');
  return new Map(
    lines.flatMap((line) => {
      const at = line.indexOf(':');
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1)] as const] : [];
    }),
  );
}

/** What counts against maxmemory: buffers of replicas do not. */
function memoryOf(info: ReadonlyMap<string, string>, configuredBytes: number): MemoryReading {
  const bytes = (field: string): number => Number(info.get(field) ?? 0);
  return {
    usedBytes: Math.max(0, bytes('used_memory') - bytes('mem_not_counted_for_evict')),
    mostBytes: bytes('maxmemory') || configuredBytes,
  };
}

/** Lines such as `slave0:ip=127.0.0.1,port=6380,state=online,offset=42,lag=0`. */
function replicasOf(info: ReadonlyMap<string, string>): ReplicaView[] {
  const offset = Number(info.get('master_repl_offset') ?? 0);
  return [...info].flatMap(([field, value]) => {
    if (!/^slave\d+$/.test(field)) return [];
    const said = new Map(value.split(',').map((pair) => pair.split('=', 2) as [string, string]));
    const endpoint = `${said.get('ip')}:${said.get('port')}`;
    const lagBytes = Math.max(0, offset - Number(said.get('offset') ?? 0));
    return [{ endpoint, lagBytes, online: said.get('state') === 'online' }];
  });
}
