/**
 * What a warden does with its own Redis node, one command after the other on one connection: so that a later "not
 * promotable" cannot be passed by an earlier "promotable", even where the node is frozen and reads both when it goes on.
 */
import {
  type Command,
  type Endpoint,
  NodeUnavailable,
  RedisError,
  type RedisNode,
  type RedisNodes,
  type RedisReply,
} from '@holdfast/ha-core';

export type OwnNode = {
  /** The replica-priority that it has; undefined when it does not say. */
  readonly priority: () => Promise<number | undefined>;
  /** Sets it; true when the node has confirmed. The command stays on its way while the node is frozen. */
  readonly setPriority: (priority: 0 | 100) => Promise<boolean>;
  /** Makes it a replica of another, or the primary; clients are disconnected, so that they look again. */
  readonly follow: (of: Endpoint | undefined) => Promise<boolean>;
  /** Holds writes back for so long, and lets them go again. */
  readonly pauseWrites: (ms: number) => Promise<boolean>;
  readonly resumeWrites: () => Promise<boolean>;
  readonly close: () => void;
};

export type OwnNodeOptions = {
  readonly redis: RedisNodes;
  readonly endpoint: Endpoint;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

const OPEN_DEADLINE_MS = 300;
/** A frozen node may take its time: what is on its way must stay in order. */
const COMMAND_DEADLINE_MS = 30_000;

/** Nothing is opened before the first command. */
export function createOwnNode({ redis, endpoint, log }: OwnNodeOptions): OwnNode {
  let node: RedisNode | undefined;
  let opening: Promise<RedisNode> | undefined;

  const connected = async (): Promise<RedisNode> => {
    if (node !== undefined) return node;
    opening ??= redis.open(endpoint, OPEN_DEADLINE_MS).finally(() => {
      opening = undefined;
    });
    const opened = await opening;
    node ??= opened;
    opened.onClosed(() => {
      if (node === opened) node = undefined;
    });
    // It may be closed by now, and then says so when it is used.
    return opened;
  };

  const run = async (commands: readonly Command[]): Promise<readonly RedisReply[] | undefined> => {
    try {
      return await (await connected()).run(commands, COMMAND_DEADLINE_MS);
    } catch (error) {
      if (error instanceof NodeUnavailable) return undefined;
      throw error;
    }
  };

  const done = async (what: string, commands: readonly Command[]): Promise<boolean> => {
    const replies = await run(commands);
    const refused = replies?.find((reply) => reply instanceof RedisError);
    if (refused instanceof RedisError) log('node_refused', { what, reason: refused.message });
    return replies !== undefined && refused === undefined;
  };

  return {
    priority: async () => {
      const reply = (await run([['CONFIG', 'GET', 'replica-priority']]))?.[0];
      const value = Array.isArray(reply) ? Number((reply as readonly RedisReply[])[1]) : Number.NaN;
      return Number.isInteger(value) ? value : undefined;
    },
    setPriority: async (priority) => {
      const set = (): Promise<boolean> =>
        done(`replica-priority ${priority}`, [['CONFIG', 'SET', 'replica-priority', String(priority)]]);
      // After a freeze the first try may end by a deadline that ran out meanwhile, and every moment counts.
      return (await set()) || (priority === 0 && (await set()));
    },
    follow: (of) =>
      done(of === undefined ? 'primary' : `replica of ${of.host}:${of.port}`, [
        of === undefined ? ['REPLICAOF', 'NO', 'ONE'] : ['REPLICAOF', of.host, String(of.port)],
        ['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'],
      ]),
    pauseWrites: (ms) => done('pause of writes', [['CLIENT', 'PAUSE', String(ms), 'WRITE']]),
    resumeWrites: () => done('end of the pause', [['CLIENT', 'UNPAUSE']]),
    close: () => node?.close(),
  };
}
