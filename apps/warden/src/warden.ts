/**
 * The warden beside one Redis node (ARCHITECTURE section 5, "Warden"). It keeps the in-sync set true, finds out within a
 * fraction of a second that the primary is gone, and lets Sentinel promote. It promotes nobody itself but at a cold start
 * the node that the Sentinels name: with every warden dead Sentinel still fails over, more slowly.
 */
import type { Endpoint, Host, Network, RedisNodes } from '@holdfast/ha-core';
import { createAgreement } from './agreement.ts';
import { createAlone } from './alone.ts';
import { createColdStarter } from './cold-start.ts';
import { createComplaints } from './complaints.ts';
import { createExclusion, isOutside } from './exclusion.ts';
import { createFailover, type FailoverRecord } from './failover.ts';
import { createFollowing } from './following.ts';
import { createLibraryLoader } from './library-loader.ts';
import { createMembership } from './membership.ts';
import { createNodeWatch, type NodeWatch } from './node-watch.ts';
import { createOwnNode } from './own-node.ts';
import { createPatience } from './patience.ts';
import { createPeers, type Peers } from './peers.ts';
import { createPressure } from './pressure.ts';
import { createSentinels } from './sentinels.ts';
import { createSituation } from './situation.ts';
import { createSuspicion } from './suspicion.ts';
import { type Switchover, switchOver } from './switchover.ts';
import { viewOf, type WardenView } from './view.ts';
import type { WardenOptions } from './warden-options.ts';

export type Warden = {
  readonly view: () => WardenView;
  /** A planned change of primary. */
  readonly switchOver: (to: string | undefined) => Promise<Switchover>;
  /** A person gives up what nodes that are missing may hold. */
  readonly recover: () => Promise<string>;
  readonly leave: () => void;
};

/** Without a detector nodes are still looked at, for the set. */
const SLOW_PROBE_MS = 250;
const SLOW_LIMIT_MS = 1000;
const HURRIED_PROBE_MS = 5;
/** So much sooner than Sentinel's own timer a warden acts also when it is patient. */
const SENTINEL_LEAD_MS = 50;
/** So much later than Sentinel's own timer finds out that all others are gone, they may have another primary. */
const ALONE_BEYOND_MS = 100;
/** The replicas are asked with every so many probes of the primary. */
const REPLICA_BEATS = 4;
const TEND_MS = 100;
const LOOK_MS = 500;
const PRESSURE_MS = 1000;

/** Starts it; rejects when its endpoint cannot be listened on. */
export async function createWarden(parts: {
  readonly host: Host;
  readonly network: Network;
  readonly redis: RedisNodes;
  readonly options: WardenOptions;
}): Promise<Warden> {
  const { host, network, redis, options } = parts;
  const { numbers, log, name } = options;
  const detects = numbers.wardenProbeMs > 0;
  const detector = {
    probeMs: detects ? numbers.wardenProbeMs : SLOW_PROBE_MS,
    misses: numbers.wardenMisses,
  };
  const limitMs = detects ? numbers.wardenProbeLimitMs : SLOW_LIMIT_MS;
  const beforeSentinelMs = (numbers.sentinelDownAfterMs - SENTINEL_LEAD_MS) / numbers.wardenMisses;
  // Without a detector nobody is replaced by these limits: they stay as they are.
  const patientMs = detects ? Math.max(limitMs, beforeSentinelMs) : limitMs;
  const patience = createPatience(host, { limitMs, patientMs, misses: numbers.wardenMisses });
  const pressure = createPressure(host);
  const failovers: FailoverRecord[] = [];
  let left = false;
  const consider = (): void => {
    if (left) return;
    failover.judgeAlarm();
    follow();
    failover.propose();
    if (own.silentSinceMs() !== undefined) membership.frozen();
    membership.cutOff();
  };
  const watches = options.nodes.map((endpoint) =>
    createNodeWatch({
      host,
      redis,
      endpoint,
      detector,
      limitMs: patience.limitMs,
      onChange: () => consider(),
      onLate: patience.answeredLate,
    }),
  );
  const own = watchOf(watches, options.node);
  const situation = createSituation(watches, host.monotonicMs, log);
  /**
   * Of a machine that is cut off: with the primary down in its eyes a Sentinel may ask for INFO once a second only, and would not
   * hear in time that the node beside it is not promotable any more (seed 7818462).
   */
  const downAfterMs = (): number =>
    pressure.isOn() || membership.isOutOfSight()
      ? numbers.sentinelDownAfterPressedMs
      : numbers.sentinelDownAfterMs;
  const names = options.wardens.map((warden) => warden.name);
  const sentinels = createSentinels({
    ...options,
    host,
    redis,
    hurried: detects,
    own: names.indexOf(name),
    downAfterMs,
    failoverTimeoutMs: numbers.sentinelFailoverTimeoutMs,
  });
  const ownNode = createOwnNode({ redis, endpoint: options.node, log });
  const { sights } = sentinels;
  const common = {
    host,
    redis,
    own,
    ownNode,
    watches,
    situation,
    sentinels,
    index: names.indexOf(name),
    log,
  };
  const membership = createMembership({ ...common, sights, onOutOfSight: () => void sentinels.look() });
  const wardenOf = (node: string): string | undefined =>
    options.wardens.find((warden) => `${warden.node.host}:${warden.node.port}` === node)?.name;
  const suspicion = createSuspicion({
    host,
    watches,
    situation,
    sights,
    detects,
    waitMs: () => (pressure.isOn() ? numbers.sentinelDownAfterPressedMs - SENTINEL_LEAD_MS : 0),
  });
  const agreement = createAgreement({ host, name, wardens: names, suspected: suspicion.suspected });
  const failover = createFailover({
    ...common,
    name,
    agreement,
    suspicion,
    detects,
    peers: () => peers,
    onFalseAlarm: () => {
      log('false_alarm', { node: own.name });
      patience.falseAlarm();
      peers.calm('late');
    },
    onFailover: (record) => {
      failovers.unshift(record);
      failovers.splice(20);
      options.onFailover?.(record);
    },
  });
  const follow = createFollowing({
    ...common,
    situation: { present: situation.present, lacks: () => situation.lacks(own) },
    sights,
    isAlone: createAlone({ ...common, sights, forMs: () => downAfterMs() + ALONE_BEYOND_MS }),
    hurried: failover.hurried,
    alive: () => peers.alive(),
    wardenOf,
  });
  const peers: Peers = await createPeers({
    ...options,
    host,
    network,
    peers: options.wardens.filter((warden) => warden.name !== name),
    onAsked: (candidate, primary) => agreement.asked(candidate, primary),
    onCalm: (why) => (why === 'pressed' ? pressure.elsewhere() : patience.falseAlarm()),
    // Whether its node outlives it: asked before both may be cut off (exclusion.ts).
    onLost: (peer) => {
      const watch = left ? undefined : watches.find((one) => wardenOf(one.name) === peer);
      watch?.tick(detector.probeMs * REPLICA_BEATS);
    },
    // One that was cut off with an older primary must not take away the node that has what came since.
    onHold: (by, rank) => {
      if (rank >= situation.rank()) membership.hold(`${by} asks for it`);
    },
  });
  const exclusion = createExclusion({
    ...common,
    hurried: detects,
    wardenOf: (node) => peers.presence(wardenOf(node) ?? ''),
    hold: (node) => {
      const warden = wardenOf(node);
      if (warden === name) membership.hold('it is in the way of writes');
      else if (warden !== undefined) peers.hold(warden, situation.rank());
    },
  });
  const coldStarter = createColdStarter({ ...common, membership });
  const complaints = createComplaints({ watches, sights, log });
  const library = createLibraryLoader({ redis, situation, log });

  let beats = 0;
  let dueAtMs = host.monotonicMs();
  const beat = (): void => {
    if (left) return;
    const lateMs = host.monotonicMs() - dueAtMs;
    if (patience.ranLate(lateMs)) {
      log('runs_late', { node: own.name, lateMs: Math.round(lateMs) });
      peers.calm('late');
    }
    const everyMs = failover.hurried() ? HURRIED_PROBE_MS : detector.probeMs;
    const last = watches.find((watch) => watch.name === situation.last());
    // Whether the primary is gone or this machine is cut off is told by the others.
    const all = failover.hurried() || !detects || beats % REPLICA_BEATS === 0 || (last?.isDoubted() ?? false);
    beats += 1;
    for (const watch of watches) {
      if (watch === last) watch.tick(detector.probeMs);
      else if (all) watch.tick(detector.probeMs * (detects ? REPLICA_BEATS : 1));
    }
    consider();
    dueAtMs = host.monotonicMs() + everyMs;
    host.after(everyMs, beat);
  };
  const keep = (run: () => Promise<unknown>, everyMs: number): void => {
    const turn = async (): Promise<void> => {
      try {
        await run();
      } catch (error) {
        if (!isOutside(error)) throw error;
        log('turn_failed', { reason: error.message });
      }
      if (!left) host.after(everyMs, () => void turn());
    };
    void turn();
  };
  const measurePressure = (): void => {
    const share = options.cpuPressure();
    if (!pressure.measured(share)) return;
    log('cpu_pressed', { node: own.name, share });
    peers.calm('pressed');
  };
  beat();
  // Without a detector nobody waits longer for it.
  if (detects) keep(() => Promise.resolve(measurePressure()), PRESSURE_MS);
  keep(sentinels.look, LOOK_MS);
  keep(library.tend, LOOK_MS);
  keep(() => Promise.resolve(complaints.look()), LOOK_MS);
  keep(membership.tend, TEND_MS);
  keep(exclusion.tend, TEND_MS);
  keep(coldStarter.tend, TEND_MS * 2);

  return {
    view: () =>
      viewOf({
        ...common,
        name,
        sights: sights(),
        membership,
        coldStarter,
        peers,
        pressed: pressure.isOn(),
        failovers,
      }),
    switchOver: (to) => switchOver(common, to),
    recover: coldStarter.recover,
    leave: () => {
      left = true;
      peers.close();
      sentinels.close();
      ownNode.close();
      for (const watch of watches) watch.close();
    },
  };
}

function watchOf(watches: readonly NodeWatch[], { host, port }: Endpoint): NodeWatch {
  const found = watches.find(({ endpoint }) => endpoint.host === host && endpoint.port === port);
  if (found === undefined) throw new Error(`the own node ${host}:${port} is not among the nodes`);
  return found;
}
