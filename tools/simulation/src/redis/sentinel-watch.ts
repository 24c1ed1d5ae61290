/** What one simulated Sentinel knows of each node by asking it: PING often, INFO seldom, and how it tells a node to change. */
import type { Command, Endpoint, Host, RedisNode, RedisNodes, RedisReply } from '@holdfast/ha-core';
import { readInfo, type SeenInstance, unseen } from './sentinel-choice.ts';

export type Watched = SeenInstance & {
  node: RedisNode | undefined;
  opening: boolean;
  /** Since when a PING is waiting for its answer. */
  askedAtMs: number | undefined;
  nextPingMs: number;
  nextInfoMs: number;
};

export type SentinelWatch = {
  readonly instances: ReadonlyMap<string, Watched>;
  /** Subjectively down: a PING without an answer, or no connection, for the down-after time. */
  readonly isDown: (address: string) => boolean;
  /** Asks whom it is time to ask. `urgent`: the primary is down, so that replicas are asked for INFO every second. */
  readonly tick: (primary: string, urgent: boolean) => void;
  /** Makes a node a replica of another, or a primary; its clients are disconnected, as Sentinel does. */
  readonly repoint: (address: string, to: string | undefined) => void;
};

export type SentinelWatchOptions = {
  readonly host: Host;
  readonly redis: RedisNodes;
  readonly nodes: readonly Endpoint[];
  readonly downAfterMs: number;
  readonly onInfo: (instance: Watched) => void;
};

export const INFO_MS = 10_000;
const INFO_URGENT_MS = 1000;

export const shownAddress = ({ host, port }: Endpoint): string => `${host}:${port}`;

/** The endpoint of an address as `shownAddress` gives it. */
export function endpointOf(address: string): Endpoint {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at), port: Number(address.slice(at + 1)) };
}

export function createSentinelWatch(options: SentinelWatchOptions): SentinelWatch {
  const { host, redis, downAfterMs } = options;
  const pingMs = Math.min(downAfterMs, 1000);
  const instances = new Map<string, Watched>(
    options.nodes.map((node) => {
      const address = shownAddress(node);
      const none = { node: undefined, opening: false, askedAtMs: undefined, nextPingMs: 0, nextInfoMs: 0 };
      return [address, { ...unseen(address, host.monotonicMs()), ...none }];
    }),
  );

  /** Runs commands on an instance; undefined when it does not answer. */
  const tell = async (instance: Watched, commands: readonly Command[]): Promise<RedisReply[] | undefined> => {
    try {
      if (instance.node === undefined) {
        if (instance.opening) return undefined;
        instance.opening = true;
        const opening = redis.open(endpointOf(instance.address), downAfterMs);
        const node = await opening.finally(() => {
          instance.opening = false;
        });
        instance.node = node;
        instance.connected = true;
        node.onClosed(() => {
          if (instance.node !== node) return;
          instance.node = undefined;
          instance.connected = false;
        });
      }
      return await instance.node.run(commands, Math.max(downAfterMs, 1000));
    } catch {
      // What cannot be reached is what a Sentinel is for: it counts as no answer.
      return undefined;
    }
  };

  const ping = async (instance: Watched): Promise<void> => {
    instance.askedAtMs ??= host.monotonicMs();
    const replies = await tell(instance, [['PING']]);
    if (replies === undefined) return;
    instance.askedAtMs = undefined;
    instance.lastPongMs = host.monotonicMs();
  };

  const info = async (instance: Watched): Promise<void> => {
    const [text] = (await tell(instance, [['INFO']])) ?? [];
    if (typeof text !== 'string') return;
    readInfo(instance, text, host.monotonicMs());
    options.onInfo(instance);
  };

  return {
    instances,
    isDown: (address) => {
      const instance = instances.get(address);
      if (instance === undefined) return true;
      const silentSinceMs = instance.connected ? instance.askedAtMs : instance.lastPongMs;
      return silentSinceMs !== undefined && host.monotonicMs() - silentSinceMs > downAfterMs;
    },
    tick: (primary, urgent) => {
      const nowMs = host.monotonicMs();
      for (const instance of instances.values()) {
        if (nowMs >= instance.nextPingMs) {
          instance.nextPingMs = nowMs + pingMs;
          void ping(instance);
        }
        const often = instance.address !== primary && (urgent || instance.linkDownSinceMs !== undefined);
        // A sample younger than the urgent period is not refreshed: offsets may be from before a crash.
        const early = often && nowMs - instance.infoAtMs >= INFO_URGENT_MS;
        if (nowMs >= instance.nextInfoMs || (early && instance.nextInfoMs - nowMs > INFO_URGENT_MS)) {
          instance.nextInfoMs = nowMs + (often ? INFO_URGENT_MS : INFO_MS);
          void info(instance);
        }
      }
    },
    repoint: (address, to) => {
      const instance = instances.get(address);
      const target = to === undefined ? undefined : endpointOf(to);
      if (instance === undefined) return;
      void tell(instance, [
        ['MULTI'],
        target === undefined ? ['SLAVEOF', 'NO', 'ONE'] : ['SLAVEOF', target.host, String(target.port)],
        ['CONFIG', 'REWRITE'],
        ['CLIENT', 'KILL', 'TYPE', 'normal'],
        ['EXEC'],
      ]);
    },
  };
}
