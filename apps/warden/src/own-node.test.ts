/** What a warden asks of its own node right after both were frozen: every moment of a priority above 0 counts (I1). */
import { NodeUnavailable, type RedisNode } from '@holdfast/ha-core';
import { expect, it } from 'vitest';
import { createOwnNode } from './own-node.ts';

const ENDPOINT = { host: '10.0.0.1', port: 1 };

/** A node whose first `lost` openings fail, as after a deadline that ran out during a freeze. */
function ownNode(lost: number): { readonly node: ReturnType<typeof createOwnNode>; readonly set: string[] } {
  const set: string[] = [];
  let openings = 0;
  const node = createOwnNode({
    redis: {
      open: () => {
        openings += 1;
        if (openings <= lost) return Promise.reject(new NodeUnavailable('timeout', false));
        return Promise.resolve({
          endpoint: ENDPOINT,
          run: (commands) => {
            for (const command of commands) set.push(String(command.at(-1)));
            return Promise.resolve(['OK']);
          },
          onClosed: () => undefined,
          close: () => undefined,
        } satisfies RedisNode);
      },
    },
    endpoint: ENDPOINT,
    log: () => undefined,
  });
  return { node, set };
}

it('gives up being promotable at once, though the first try ended by an old deadline', async () => {
  const { node, set } = ownNode(1);
  expect([await node.setPriority(0), set]).toEqual([true, ['0']]);
});

it('tries no more than twice, and becomes promotable by no second try', async () => {
  const twice = ownNode(2);
  expect([await twice.node.setPriority(0), twice.set]).toEqual([false, []]);
  const once = ownNode(1);
  expect([await once.node.setPriority(100), once.set]).toEqual([false, []]);
});
