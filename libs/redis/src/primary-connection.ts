/**
 * Plain commands on whoever is the primary now, for reads that nobody acts on without a compare-and-set (the watch of
 * a lease) or without an acknowledged write of his own (RTSS): ARCHITECTURE section 5, "Readers too". One connection, opened
 * when it is first needed and again after it broke.
 */
import {
  type Command,
  type Endpoint,
  type Host,
  LIMITS,
  NodeUnavailable,
  type RedisNode,
  type RedisNodes,
  type RedisReply,
} from '@holdfast/ha-core';
import { findPrimary } from './primary.ts';
import { endpointName, parseRole } from './role.ts';

export type PrimaryConnection = {
  /**
   * Runs commands as one pipeline, and checks afterwards that the node is still the primary. `connection` in the reply changes whenever another connection was opened: a
   * reader that follows a stream starts again from its beginning then, because the new primary may have a shorter one.
   * @throws NodeUnavailable when there is no primary now or it does not answer in time.
   */
  readonly run: (
    commands: readonly Command[],
    deadlineMs: number,
  ) => Promise<{ readonly replies: RedisReply[]; readonly connection: number }>;
  /**
   * This node is the primary by now, as somebody has learned who was quicker: a connection to another one is given up, and what
   * waits on it fails at once. A reader that blocks would notice a frozen primary by its own deadline only.
   */
  readonly moved: (primary: Endpoint) => void;
  readonly stop: () => void;
};

export type PrimaryConnectionOptions = {
  readonly host: Host;
  readonly redis: RedisNodes;
  readonly nodes: readonly Endpoint[];
};

/** Creates the connection; nothing is opened before the first `run`. */
export function createPrimaryConnection(options: PrimaryConnectionOptions): PrimaryConnection {
  let node: RedisNode | undefined;
  let opening: Promise<RedisNode> | undefined;
  let connection = 0;
  let stopped = false;

  const open = async (): Promise<RedisNode> => {
    const found = await findPrimary({ ...options, deadlineMs: LIMITS.dialDeadlineMs });
    if (found.is === 'none') throw new NodeUnavailable(`no primary: ${found.said.join('; ')}`, false);
    const opened = found.primary.node;
    if (stopped) {
      opened.close();
      throw new NodeUnavailable('stopping', false);
    }
    node = opened;
    connection += 1;
    opened.onClosed(() => {
      if (node === opened) node = undefined;
    });
    return opened;
  };

  return {
    run: async (commands, deadlineMs) => {
      if (stopped) throw new NodeUnavailable('stopping', false);
      if (node === undefined) {
        opening ??= open().finally(() => {
          opening = undefined;
        });
      }
      const on = node ?? (await opening);
      if (on === undefined) throw new NodeUnavailable('no primary', false);
      const of = connection;
      const replies = await on.run([...commands, ['ROLE']], deadlineMs);
      const role = parseRole(replies.pop());
      if (role.is !== 'primary') {
        on.close();
        throw new NodeUnavailable(`${endpointName(on.endpoint)} is no longer the primary`, true);
      }
      return { replies, connection: of };
    },
    moved: (primary) => {
      if (node !== undefined && endpointName(node.endpoint) !== endpointName(primary)) node.close();
    },
    stop: () => {
      stopped = true;
      node?.close();
    },
  };
}
