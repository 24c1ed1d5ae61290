/** What one simulated Sentinel asks of the others and hears from them: is the primary down, and whom do they vote for. */
import type { Command, Endpoint, Host, RedisNode, RedisNodes, RedisReply } from '@holdfast/ha-core';
import { endpointOf, shownAddress } from './sentinel-watch.ts';

export type SentinelPeers = {
  /** Asks all whether `primary` is down, and for their vote in `epoch` when a candidate is named. */
  readonly ask: (primary: string, epoch: number, candidate: string | undefined) => void;
  /** Tells all of a primary and its epoch. */
  readonly publish: (primary: string, configEpoch: number) => void;
  /** How many said lately that the primary is down. */
  readonly agreeing: () => number;
  readonly votesFor: (candidate: string, epoch: number) => number;
  readonly forget: () => void;
};

type Said = {
  readonly down: boolean;
  readonly atMs: number;
  readonly leader: string;
  readonly epoch: number;
};

/** What another said counts so long. */
const SAID_MS = 5000;

export function createSentinelPeers(
  host: Host,
  redis: RedisNodes,
  peers: readonly Endpoint[],
): SentinelPeers {
  const addresses = peers.map(shownAddress);
  const nodes = new Map<string, RedisNode>();
  const said = new Map<string, Said>();

  const askOne = async (address: string, command: Command): Promise<RedisReply | undefined> => {
    try {
      let node = nodes.get(address);
      if (node === undefined) {
        node = await redis.open(endpointOf(address), 500);
        const opened = node;
        nodes.set(address, opened);
        opened.onClosed(() => {
          if (nodes.get(address) === opened) nodes.delete(address);
        });
      }
      const [reply] = await node.run([command], 1000);
      return reply;
    } catch {
      // A Sentinel that does not answer has no vote.
      return undefined;
    }
  };

  return {
    ask: (primary, epoch, candidate) => {
      const { host: name, port } = endpointOf(primary);
      const asked = [name, String(port), String(epoch), candidate ?? '*'];
      for (const address of addresses) {
        void askOne(address, ['SENTINEL', 'IS-MASTER-DOWN-BY-ADDR', ...asked]).then((reply) => {
          if (!Array.isArray(reply)) return;
          const [down, leader, leaderEpoch] = reply as [number, string, number];
          said.set(address, { down: down === 1, atMs: host.monotonicMs(), leader, epoch: leaderEpoch });
        });
      }
    },
    publish: (primary, configEpoch) => {
      for (const address of addresses)
        void askOne(address, ['SENTINEL', 'HELLO', primary, String(configEpoch)]);
    },
    agreeing: () => {
      const nowMs = host.monotonicMs();
      return [...said.values()].filter((other) => other.down && nowMs - other.atMs < SAID_MS).length;
    },
    votesFor: (candidate, epoch) =>
      [...said.values()].filter((other) => other.leader === candidate && other.epoch === epoch).length,
    forget: () => said.clear(),
  };
}
