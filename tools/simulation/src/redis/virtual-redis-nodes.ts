/** RedisNodes of one process of a world: the client's end, with the semantics of ports/redis-node.ts. */
import {
  type Command,
  type Endpoint,
  NodeUnavailable,
  type RedisNode,
  type RedisNodes,
  type RedisReply,
} from '@holdfast/ha-core';
import type { VirtualProcess } from '../world/virtual-process.ts';
import type { Wire, WireEnd } from '../world/wire.ts';
import type { ClientAnswer } from './clients.ts';
import type { ClientRequest } from './server-state.ts';

/** Opens connections from `process` over the wire of its world. */
export function createVirtualRedisNodes(wire: Wire, process: VirtualProcess): RedisNodes {
  return {
    open: (endpoint, deadlineMs) =>
      new Promise((resolve, reject) => {
        const address = shown(endpoint);
        wire.dial(process, address, deadlineMs, (dialled) => {
          if (dialled.is === 'open') resolve(nodeOver(dialled.end, endpoint, process));
          else {
            // In the words of the real network, which wardens read.
            const why = dialled.why === 'refused' ? `connect ECONNREFUSED ${address}` : dialled.why;
            reject(new NodeUnavailable(`${address}: ${why}`, false));
          }
        });
      }),
  };
}

const shown = (endpoint: Endpoint): string => `${endpoint.host}:${endpoint.port}`;

function nodeOver(end: WireEnd, endpoint: Endpoint, process: VirtualProcess): RedisNode {
  const { host } = process;
  const underWay = new Map<
    number,
    { settle: (replies: RedisReply[]) => void; fail: (why: string) => void }
  >();
  const listeners: ((reason: string) => void)[] = [];
  let closedReason: string | undefined;
  let lastId = 0;

  const closed = (reason: string): void => {
    if (closedReason !== undefined) return;
    closedReason = reason;
    for (const each of underWay.values()) each.fail(reason);
    for (const listener of listeners.splice(0)) listener(reason);
  };
  const close = (reason: string): void => {
    closed(reason);
    end.close();
  };

  end.onMessage((message) => {
    const answer = message as ClientAnswer;
    underWay.get(answer.id)?.settle([...answer.replies]);
  });
  end.onClosed(closed);

  const run = (commands: readonly Command[], deadlineMs: number): Promise<RedisReply[]> => {
    if (closedReason !== undefined) {
      return Promise.reject(new NodeUnavailable(`${shown(endpoint)}: connection closed`, false));
    }
    lastId += 1;
    const id = lastId;
    return new Promise((resolve, reject) => {
      const late = host.after(deadlineMs, () => close(`no answer within ${deadlineMs} ms`));
      const done = (): void => {
        late();
        underWay.delete(id);
      };
      underWay.set(id, {
        settle: (replies) => {
          done();
          resolve(replies);
        },
        fail: (why) => {
          done();
          reject(new NodeUnavailable(`${shown(endpoint)}: ${why}`, true));
        },
      });
      end.send({ id, commands } satisfies ClientRequest);
    });
  };

  return {
    endpoint,
    run,
    onClosed: (listener) => {
      if (closedReason === undefined) listeners.push(listener);
      else listener(closedReason);
    },
    close: () => close('closed here'),
  };
}
