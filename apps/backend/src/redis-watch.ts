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
  type RedisNode,
  type RedisNodes,
  type RedisReply,
  sleep,
} from '@holdfast/ha-core';
import { hashOf, NODES_KEY, type WriterView } from '@holdfast/redis';
import type { Log } from './log.ts';

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
};

export type RedisWatch = {
  readonly view: () => RedisView;
  readonly stop: () => void;
};

const EVERY_MS = 1000;
const SILENT_MS = 3000;
/** A node that has been silent for this long is forgotten by status, a day after it was last seen. */
const FORGOTTEN_MS = 86_400_000;

export function createRedisWatch(options: RedisWatchOptions): RedisWatch {
  const { host, log } = options;
  let view: RedisView = { replicas: [], usedMemoryPercent: 0, nodes: [] };
  let node: RedisNode | undefined;
  let stopped = false;
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

  const turn = async (): Promise<void> => {
    const redis = await connected();
    if (redis === undefined) return;
    const said = JSON.stringify({ ...options.announcement(), at: host.wallMs() });
    const commands: Command[] = [
      ['HSET', NODES_KEY, options.name, said],
      ['INFO', 'memory'],
      ['INFO', 'replication'],
      ['HGETALL', NODES_KEY],
    ];
    const [, memory, replication, nodes] = await redis.run(commands, LIMITS.commandDeadlineMs);
    view = {
      usedMemoryPercent: memoryPercent(infoOf(memory), options.maxmemoryBytes),
      replicas: replicasOf(infoOf(replication)),
      nodes: nodesOf(hashOf(nodes)),
    };
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
      try {
        await turn();
      } catch (error) {
        log.warn({ err: error }, 'the primary could not be asked for its state');
        node?.close();
        node = undefined;
      }
      await sleep(host, Math.max(50, EVERY_MS - (host.monotonicMs() - startedMs)));
    }
  };

  void run();
  return {
    view: () => view,
    stop: () => {
      stopped = true;
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

function memoryPercent(info: ReadonlyMap<string, string>, configuredBytes: number): number {
  const most = Number(info.get('maxmemory') ?? 0) || configuredBytes;
  return (Number(info.get('used_memory') ?? 0) / most) * 100;
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
