/**
 * A simulated Sentinel: watches the nodes by PING and INFO, agrees with the others that the primary is down, votes
 * for one leader, and the leader promotes by its own view. It talks to the nodes with the commands that the real one
 * uses. Two simplifications: all nodes are known from the start, and Sentinels tell each other of a new primary
 * directly instead of through the nodes.
 */
import type { Command, Endpoint, RedisNode, RedisReply } from '@holdfast/ha-core';
import type { VirtualProcess } from '../world/virtual-process.ts';
import type { Wire } from '../world/wire.ts';
import type { ClientAnswer } from './clients.ts';
import { answerSentinel, type SentinelView } from './sentinel-answers.ts';
import { choosePromoted, readInfo, type SeenInstance, unseen } from './sentinel-choice.ts';
import type { ClientRequest } from './server-state.ts';
import { createVirtualRedisNodes } from './virtual-redis-nodes.ts';

export type SentinelOptions = {
  readonly wire: Wire;
  readonly process: VirtualProcess;
  readonly endpoint: Endpoint;
  readonly name: string;
  readonly nodes: readonly Endpoint[];
  readonly sentinels: readonly Endpoint[];
  readonly downAfterMs: number;
  readonly failoverTimeoutMs: number;
  readonly quorum: number;
  readonly note: (line: string) => void;
};

const TICK_MS = 100;
const INFO_MS = 10_000;
const PUBLISH_MS = 2000;
const DESYNC_MS = 1000;

type Watched = SeenInstance & {
  node: RedisNode | undefined;
  opening: boolean;
  nextPingMs: number;
  nextInfoMs: number;
};

/** Starts one Sentinel; the first node is the primary at the start. */
export function startSentinel(options: SentinelOptions): SentinelView {
  const { process, wire, note } = options;
  const { host } = process;
  const id = process.name;
  const redis = createVirtualRedisNodes(wire, process);
  const pingMs = Math.min(options.downAfterMs, 1000);
  const shown = ({ host: name, port }: Endpoint): string => `${name}:${port}`;
  const own = shown(options.endpoint);
  const endpointOf = (address: string): Endpoint => {
    const at = address.lastIndexOf(':');
    return { host: address.slice(0, at), port: Number(address.slice(at + 1)) };
  };
  const watched = new Map<string, Watched>(
    options.nodes.map((node) => {
      const nowMs = host.monotonicMs();
      const next = { node: undefined, opening: false, nextPingMs: 0, nextInfoMs: 0 };
      return [shown(node), { ...unseen(shown(node), nowMs), ...next }];
    }),
  );
  const view: SentinelView = {
    name: options.name,
    primary: shown(options.nodes[0] ?? options.endpoint),
    epoch: 0,
    configEpoch: 0,
    leader: '',
    leaderEpoch: 0,
    instances: watched,
    isDown: (address) => isDown(address),
  };
  const peers = options.sentinels.map(shown).filter((address) => address !== own);
  const peerNodes = new Map<string, RedisNode>();
  /** What the others said: do they see the primary down, and whom did they vote for. */
  const said = new Map<string, { down: boolean; atMs: number; leader: string; epoch: number }>();
  let failover:
    | {
        state: 'waiting' | 'promoting' | 'promoted';
        epoch: number;
        forced: boolean;
        promoted: string;
        sinceMs: number;
      }
    | undefined;
  let notBeforeMs = 0;
  let downSinceMs: number | undefined;

  const isDown = (address: string): boolean => {
    const instance = watched.get(address);
    return instance === undefined || host.monotonicMs() - instance.lastPongMs > options.downAfterMs;
  };

  /** Runs commands on an instance; undefined when it does not answer. */
  const tell = async (instance: Watched, commands: readonly Command[]): Promise<RedisReply[] | undefined> => {
    try {
      if (instance.node === undefined) {
        if (instance.opening) return undefined;
        instance.opening = true;
        const node = await redis.open(endpointOf(instance.address), options.downAfterMs).finally(() => {
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
      return await instance.node.run(commands, Math.max(options.downAfterMs, 1000));
    } catch {
      // What cannot be reached is what a Sentinel is for: it counts as no answer.
      return undefined;
    }
  };

  const ping = async (instance: Watched): Promise<void> => {
    const replies = await tell(instance, [['PING']]);
    if (replies !== undefined) instance.lastPongMs = host.monotonicMs();
  };

  const info = async (instance: Watched): Promise<void> => {
    const replies = await tell(instance, [['INFO']]);
    if (typeof replies?.[0] !== 'string') return;
    readInfo(instance, replies[0], host.monotonicMs());
    if (
      failover?.state === 'promoting' &&
      failover.promoted === instance.address &&
      instance.role === 'master'
    ) {
      finishPromotion();
    }
    correct(instance);
  };

  /** A node that is not what it should be for four publish periods is told so: an old primary that came back. */
  const correct = (instance: Watched): void => {
    const nowMs = host.monotonicMs();
    const strange =
      instance.address !== view.primary && (instance.role === 'master' || instance.follows !== view.primary);
    if (!strange || failover !== undefined || isDown(view.primary)) instance.strangeSinceMs = undefined;
    else instance.strangeSinceMs ??= nowMs;
    if (instance.strangeSinceMs === undefined || nowMs - instance.strangeSinceMs < PUBLISH_MS * 4) return;
    instance.strangeSinceMs = undefined;
    note(`${id}: ${instance.address} shall follow ${view.primary}`);
    void repoint(instance, view.primary);
  };

  const repoint = (instance: Watched, to: string | undefined): Promise<unknown> => {
    const target = to === undefined ? undefined : endpointOf(to);
    return tell(instance, [
      ['MULTI'],
      target === undefined ? ['SLAVEOF', 'NO', 'ONE'] : ['SLAVEOF', target.host, String(target.port)],
      ['CONFIG', 'REWRITE'],
      ['CLIENT', 'KILL', 'TYPE', 'normal'],
      ['EXEC'],
    ]);
  };

  const askPeer = async (address: string, command: Command): Promise<RedisReply | undefined> => {
    try {
      let node = peerNodes.get(address);
      if (node === undefined) {
        node = await redis.open(endpointOf(address), 500);
        const opened = node;
        peerNodes.set(address, opened);
        opened.onClosed(() => {
          if (peerNodes.get(address) === opened) peerNodes.delete(address);
        });
      }
      const [reply] = await node.run([command], 1000);
      return reply;
    } catch {
      // A Sentinel that does not answer has no vote.
      return undefined;
    }
  };

  const askAll = (): void => {
    const { host: name, port } = endpointOf(view.primary);
    const forWhom = failover === undefined ? '*' : id;
    for (const address of peers) {
      const command: Command = [
        'SENTINEL',
        'IS-MASTER-DOWN-BY-ADDR',
        name,
        String(port),
        String(view.epoch),
        forWhom,
      ];
      void askPeer(address, command).then((reply) => {
        if (!Array.isArray(reply)) return;
        const [down, leader, epoch] = reply as [number, string, number];
        said.set(address, { down: down === 1, atMs: host.monotonicMs(), leader, epoch });
      });
    }
  };

  const votes = (): number => {
    let count = view.leader === id && view.leaderEpoch === failover?.epoch ? 1 : 0;
    for (const other of said.values()) if (other.leader === id && other.epoch === failover?.epoch) count += 1;
    return count;
  };

  const begin = (forced: boolean): void => {
    view.epoch += 1;
    failover = { state: 'waiting', epoch: view.epoch, forced, promoted: '', sinceMs: host.monotonicMs() };
    notBeforeMs = host.monotonicMs() + options.failoverTimeoutMs * 2 + host.random() * DESYNC_MS;
    note(`${id}: tries a failover of ${view.primary} in epoch ${view.epoch}`);
    if (view.leaderEpoch < view.epoch) {
      view.leader = id;
      view.leaderEpoch = view.epoch;
    }
    askAll();
  };

  const advance = (): void => {
    if (failover === undefined) return;
    const nowMs = host.monotonicMs();
    if (failover.state === 'waiting') {
      const needed = Math.max(options.quorum, Math.floor(options.sentinels.length / 2) + 1);
      if (!failover.forced && votes() < needed) {
        if (nowMs - failover.sinceMs > Math.min(10_000, options.failoverTimeoutMs)) failover = undefined;
        return;
      }
      const replicas = [...watched.values()].filter((instance) => instance.address !== view.primary);
      const settings = { downAfterMs: options.downAfterMs, pingMs: 1000, infoMs: INFO_MS };
      const chosen = choosePromoted(replicas, nowMs, downSinceMs, settings);
      if (chosen === undefined) {
        note(`${id}: no good replica to promote`);
        failover = undefined;
        return;
      }
      failover = { ...failover, state: 'promoting', promoted: chosen.address, sinceMs: nowMs };
      note(`${id}: promotes ${chosen.address} (offset seen ${chosen.offset})`);
      const instance = watched.get(chosen.address);
      if (instance !== undefined) void repoint(instance, undefined);
    } else if (nowMs - failover.sinceMs > options.failoverTimeoutMs) failover = undefined;
  };

  const finishPromotion = (): void => {
    if (failover === undefined) return;
    const old = view.primary;
    const { promoted, epoch } = failover;
    failover = undefined;
    switchTo(promoted, epoch);
    for (const instance of watched.values()) {
      if (instance.address !== promoted && instance.address !== old) void repoint(instance, promoted);
    }
    publish();
  };

  const switchTo = (address: string, configEpoch: number): void => {
    if (configEpoch <= view.configEpoch) return;
    note(`${id}: the primary is ${address} (epoch ${configEpoch})`);
    view.configEpoch = configEpoch;
    view.epoch = Math.max(view.epoch, configEpoch);
    view.primary = address;
    failover = undefined;
    downSinceMs = undefined;
    said.clear();
    for (const instance of watched.values()) instance.strangeSinceMs = undefined;
  };

  const publish = (): void => {
    for (const address of peers) {
      void askPeer(address, ['SENTINEL', 'HELLO', view.primary, String(view.configEpoch)]);
    }
  };

  const receive = (command: Command): RedisReply => {
    const [name, what, ...args] = command.map((part, index) => (index < 2 ? part.toUpperCase() : part));
    if (name === 'SENTINEL' && what === 'HELLO') {
      switchTo(args[0] ?? '', Number(args[1]));
      return 'OK';
    }
    if (name === 'SENTINEL' && what === 'IS-MASTER-DOWN-BY-ADDR') {
      const [, , epoch, candidate] = args;
      if (candidate !== undefined && candidate !== '*') {
        view.epoch = Math.max(view.epoch, Number(epoch));
        if (view.leaderEpoch < Number(epoch) && view.epoch <= Number(epoch)) {
          view.leader = candidate;
          view.leaderEpoch = Number(epoch);
          notBeforeMs = host.monotonicMs() + options.failoverTimeoutMs * 2 + host.random() * DESYNC_MS;
        }
      }
      const down = view.primary === `${args[0]}:${args[1]}` && isDown(view.primary);
      return [down ? 1 : 0, view.leader, view.leaderEpoch];
    }
    if (name === 'SENTINEL' && what === 'FAILOVER') {
      if (failover === undefined) begin(true);
      return 'OK';
    }
    return answerSentinel(view, name ?? '', what ?? '', args);
  };

  let nextAskMs = 0;
  let nextPublishMs = 0;
  const tick = (): void => {
    const nowMs = host.monotonicMs();
    const primaryDown = isDown(view.primary);
    downSinceMs = primaryDown ? (downSinceMs ?? nowMs) : undefined;
    const urgent = failover !== undefined || downSinceMs !== undefined;
    for (const instance of watched.values()) {
      if (nowMs >= instance.nextPingMs) {
        instance.nextPingMs = nowMs + pingMs;
        void ping(instance);
      }
      const often = instance.address !== view.primary && (urgent || instance.linkDownSinceMs !== undefined);
      if (
        nowMs >= instance.nextInfoMs ||
        (often && nowMs - instance.infoAtMs >= 1000 && instance.nextInfoMs - nowMs > 1000)
      ) {
        instance.nextInfoMs = nowMs + (often ? 1000 : INFO_MS);
        void info(instance);
      }
    }
    if (primaryDown && nowMs >= nextAskMs) {
      nextAskMs = nowMs + 1000;
      askAll();
    }
    const agreeing = [...said.values()].filter((other) => other.down && nowMs - other.atMs < 5000).length;
    if (primaryDown && agreeing + 1 >= options.quorum && failover === undefined && nowMs >= notBeforeMs)
      begin(false);
    advance();
    if (nowMs >= nextPublishMs) {
      nextPublishMs = nowMs + PUBLISH_MS;
      publish();
    }
    host.after(TICK_MS, tick);
  };

  wire.bind(process, own, (end) => {
    end.onMessage((message) => {
      const request = message as ClientRequest;
      const answer: ClientAnswer = { id: request.id, replies: request.commands.map(receive) };
      end.send(answer);
    });
  });
  host.after(host.random() * TICK_MS, tick);
  return view;
}
