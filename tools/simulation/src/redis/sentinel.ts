/**
 * A simulated Sentinel: watches the nodes by PING and INFO, agrees with the others that the primary is down, votes
 * for one leader, and the leader promotes by its own view. It talks to the nodes with the commands that the real one
 * uses. Two simplifications: all nodes are known from the start, and Sentinels tell each other of a new primary
 * directly instead of through the nodes.
 */
import type { Command, Endpoint, RedisReply } from '@holdfast/ha-core';
import type { VirtualProcess } from '../world/virtual-process.ts';
import type { Wire } from '../world/wire.ts';
import type { ClientAnswer } from './clients.ts';
import { answerSentinel, type SentinelView } from './sentinel-answers.ts';
import { choosePromoted } from './sentinel-choice.ts';
import { createSentinelPeers } from './sentinel-peers.ts';
import { createSentinelWatch, INFO_MS, shownAddress, type Watched } from './sentinel-watch.ts';
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

type Failover = {
  /** `waiting` for votes, then `promoting` until the chosen one's INFO says that it is a primary. */
  readonly state: 'waiting' | 'promoting';
  readonly epoch: number;
  /** Asked for by SENTINEL FAILOVER: needs no votes. */
  readonly forced: boolean;
  readonly promoted: string;
  readonly sinceMs: number;
};

const TICK_MS = 100;
const ASK_MS = 1000;
const PUBLISH_MS = 2000;
const DESYNC_MS = 1000;
const PING_MS = 1000;
const ELECTION_MS = 10_000;

/** Starts one Sentinel; the first node is the primary at the start. */
export function startSentinel(options: SentinelOptions): SentinelView {
  const { process, note } = options;
  const { host } = process;
  const id = process.name;
  const redis = createVirtualRedisNodes(options.wire, process);
  const own = shownAddress(options.endpoint);
  const others = options.sentinels.filter((sentinel) => shownAddress(sentinel) !== own);
  const peers = createSentinelPeers(host, redis, others);
  const watch = createSentinelWatch({ ...options, host, redis, onInfo: (instance) => seen(instance) });
  const view: SentinelView = {
    name: options.name,
    primary: shownAddress(options.nodes[0] ?? options.endpoint),
    epoch: 0,
    configEpoch: 0,
    leader: '',
    leaderEpoch: 0,
    instances: watch.instances,
    isDown: watch.isDown,
  };
  let failover: Failover | undefined;
  let notBeforeMs = 0;
  let downSinceMs: number | undefined;
  let nextAskMs = 0;
  let nextPublishMs = 0;

  const holdBack = (): void => {
    notBeforeMs = host.monotonicMs() + options.failoverTimeoutMs * 2 + host.random() * DESYNC_MS;
  };

  const vote = (candidate: string, epoch: number): boolean => {
    if (view.leaderEpoch >= epoch || view.epoch > epoch) return false;
    view.leader = candidate;
    view.leaderEpoch = epoch;
    return true;
  };

  const begin = (forced: boolean): void => {
    view.epoch += 1;
    failover = { state: 'waiting', epoch: view.epoch, forced, promoted: '', sinceMs: host.monotonicMs() };
    holdBack();
    note(`${id}: tries a failover of ${view.primary} in epoch ${view.epoch}`);
    vote(id, view.epoch);
    peers.ask(view.primary, view.epoch, id);
  };

  const advance = (): void => {
    if (failover === undefined) return;
    const nowMs = host.monotonicMs();
    if (failover.state === 'promoting') {
      if (nowMs - failover.sinceMs > options.failoverTimeoutMs) failover = undefined;
      return;
    }
    const { epoch } = failover;
    const needed = Math.max(options.quorum, Math.floor(options.sentinels.length / 2) + 1);
    const ownVote = view.leader === id && view.leaderEpoch === epoch ? 1 : 0;
    if (failover.forced || peers.votesFor(id, epoch) + ownVote >= needed) promote(failover, nowMs);
    else if (nowMs - failover.sinceMs > Math.min(ELECTION_MS, options.failoverTimeoutMs))
      failover = undefined;
  };

  const promote = (under: Failover, nowMs: number): void => {
    const replicas = [...watch.instances.values()]
      .filter(({ address }) => address !== view.primary)
      .map((instance) => ({ ...instance, isDown: watch.isDown(instance.address) }));
    const settings = { downAfterMs: options.downAfterMs, pingMs: PING_MS, infoMs: INFO_MS };
    const chosen = choosePromoted(replicas, nowMs, downSinceMs, settings);
    if (chosen === undefined) {
      note(`${id}: no good replica to promote`);
      failover = undefined;
      return;
    }
    failover = { ...under, state: 'promoting', promoted: chosen.address, sinceMs: nowMs };
    note(`${id}: promotes ${chosen.address} (offset seen ${chosen.offset})`);
    watch.repoint(chosen.address, undefined);
  };

  const seen = (instance: Watched): void => {
    const { address } = instance;
    if (failover?.state === 'promoting' && failover.promoted === address && instance.role === 'master') {
      const { epoch } = failover;
      const old = view.primary;
      switchTo(address, epoch);
      for (const other of watch.instances.keys()) {
        if (other !== address && other !== old) watch.repoint(other, address);
      }
      peers.publish(view.primary, view.configEpoch);
    }
    correct(instance);
  };

  /** A node that is not what it should be for four publish periods is told so: an old primary that came back. */
  const correct = (instance: Watched): void => {
    const nowMs = host.monotonicMs();
    const strange =
      instance.address !== view.primary && (instance.role === 'master' || instance.follows !== view.primary);
    if (!strange || failover !== undefined || watch.isDown(view.primary)) instance.strangeSinceMs = undefined;
    else instance.strangeSinceMs ??= nowMs;
    if (instance.strangeSinceMs === undefined || nowMs - instance.strangeSinceMs < PUBLISH_MS * 4) return;
    instance.strangeSinceMs = undefined;
    note(`${id}: ${instance.address} shall follow ${view.primary}`);
    watch.repoint(instance.address, view.primary);
  };

  const switchTo = (address: string, configEpoch: number): void => {
    if (configEpoch <= view.configEpoch) return;
    note(`${id}: the primary is ${address} (epoch ${configEpoch})`);
    view.configEpoch = configEpoch;
    view.epoch = Math.max(view.epoch, configEpoch);
    view.primary = address;
    failover = undefined;
    downSinceMs = undefined;
    peers.forget();
    for (const instance of watch.instances.values()) instance.strangeSinceMs = undefined;
  };

  const receive = (command: Command): RedisReply => {
    const [name = '', what = '', ...args] = command.map((part, index) =>
      index < 2 ? part.toUpperCase() : part,
    );
    if (name !== 'SENTINEL') return answerSentinel(view, name, what, args);
    switch (what) {
      case 'HELLO':
        switchTo(args[0] ?? '', Number(args[1]));
        return 'OK';
      case 'IS-MASTER-DOWN-BY-ADDR': {
        const [address, port, epoch, candidate = '*'] = args;
        if (candidate !== '*') {
          view.epoch = Math.max(view.epoch, Number(epoch));
          if (vote(candidate, Number(epoch))) holdBack();
        }
        const down = view.primary === `${address}:${port}` && watch.isDown(view.primary);
        return [down ? 1 : 0, view.leader, view.leaderEpoch];
      }
      case 'FAILOVER':
        if (failover === undefined) begin(true);
        return 'OK';
      default:
        return answerSentinel(view, name, what, args);
    }
  };

  const tick = (): void => {
    const nowMs = host.monotonicMs();
    const primaryDown = watch.isDown(view.primary);
    downSinceMs = primaryDown ? (downSinceMs ?? nowMs) : undefined;
    watch.tick(view.primary, primaryDown || failover !== undefined);
    if (primaryDown && nowMs >= nextAskMs) {
      nextAskMs = nowMs + ASK_MS;
      peers.ask(view.primary, view.epoch, failover === undefined ? undefined : id);
    }
    const agreed = primaryDown && peers.agreeing() + 1 >= options.quorum;
    if (agreed && failover === undefined && nowMs >= notBeforeMs) begin(false);
    advance();
    if (nowMs >= nextPublishMs) {
      nextPublishMs = nowMs + PUBLISH_MS;
      peers.publish(view.primary, view.configEpoch);
    }
    host.after(TICK_MS, tick);
  };

  options.wire.bind(process, own, (end) => {
    end.onMessage((message) => {
      const { id: request, commands } = message as ClientRequest;
      end.send({ id: request, replies: commands.map(receive) } satisfies ClientAnswer);
    });
  });
  host.after(host.random() * TICK_MS, tick);
  return view;
}
