/** What a warden tells of Redis: the topology as it is, for status, readiness, metrics and people. */
import {
  couldChoose,
  type InSyncLevel,
  type InSyncRecord,
  levelNow,
  namedByMost,
  neededBy,
  type SentinelSight,
} from '@holdfast/ha-core';
import type { ColdStarter } from './cold-start.ts';
import type { FailoverRecord } from './failover.ts';
import type { Membership } from './membership.ts';
import type { NodeWatch } from './node-watch.ts';
import type { Peers } from './peers.ts';
import type { Situation } from './situation.ts';

export type WardenView = {
  readonly name: string;
  /** The Redis node beside it. */
  readonly node: {
    readonly endpoint: string;
    readonly answers: boolean;
    readonly role: string;
    readonly priority: number | null;
    /** Whether most Sentinels could choose it now. */
    readonly promotable: boolean;
  };
  /** All Redis nodes in this warden's eyes, with the in-sync record that each holds. */
  readonly nodes: readonly NodeInView[];
  readonly primary: string | null;
  /** Whom most Sentinels name. */
  readonly named: string | null;
  readonly inSync: {
    readonly level: InSyncLevel;
    readonly term: number;
    readonly change: number;
    readonly members: readonly string[];
    /** The replicas that an acknowledgement needs now. */
    readonly needed: readonly string[];
  };
  readonly replicas: readonly {
    readonly endpoint: string;
    readonly offset: number;
    readonly lagBytes: number;
    readonly lagMs: number;
  }[];
  readonly sentinels: readonly {
    readonly endpoint: string;
    readonly names: string | null;
    readonly down: readonly string[];
  }[];
  readonly wardens: readonly string[];
  /** Why there is no primary, where only a person can decide. */
  readonly waits: { readonly why: string; readonly missing: readonly string[] } | null;
  /** A machine of the cluster is short of processors: a silent primary is waited for. */
  readonly pressed: boolean;
  readonly failovers: readonly FailoverRecord[];
};

export type NodeInView = {
  readonly endpoint: string;
  readonly role: string;
  /** Whom it follows, and how its link stands; null where it is no replica. */
  readonly of: string | null;
  readonly link: string | null;
  readonly offset: number | null;
  readonly record: InSyncRecord | null;
};

export type ViewParts = {
  readonly name: string;
  readonly own: NodeWatch;
  readonly watches: readonly NodeWatch[];
  readonly situation: Situation;
  readonly sights: readonly SentinelSight[];
  readonly membership: Membership;
  readonly coldStarter: ColdStarter;
  readonly peers: Peers;
  readonly pressed: boolean;
  readonly failovers: readonly FailoverRecord[];
};

/** The view at this moment. */
export function viewOf(parts: ViewParts): WardenView {
  const { own, situation, watches } = parts;
  const present = situation.present();
  const needed = present === undefined ? [] : neededBy(present.record, present.name);
  const connected = (present?.role.replicas ?? []).map(({ endpoint }) => endpoint);
  const waits = parts.coldStarter.waits();
  const seen = own.seen();
  return {
    name: parts.name,
    node: {
      endpoint: own.name,
      answers: seen !== undefined,
      role: seen?.role.is ?? 'silent',
      priority: parts.membership.priority() ?? null,
      promotable: isPromotable(own.name, parts.sights),
    },
    nodes: watches.map(nodeInView),
    primary: present?.name ?? null,
    named: namedByMost(parts.sights) ?? null,
    inSync: {
      level: levelNow(needed, connected, watches.length),
      term: present?.record.term ?? 0,
      change: present?.record.change ?? 0,
      members: present?.record.members ?? [],
      needed,
    },
    replicas: (present?.role.replicas ?? []).map(({ endpoint, offset }) => ({
      endpoint,
      offset,
      lagBytes: Math.max(0, (present?.role.offset ?? offset) - offset),
      lagMs: Math.round(situation.lagMs(endpoint)),
    })),
    sentinels: parts.sights.map(({ sentinel, view }) => ({
      endpoint: sentinel,
      names: view.is === 'seen' ? view.primary : null,
      down: view.is === 'seen' ? view.sentinelsDown : [],
    })),
    wardens: parts.peers.alive(),
    waits: waits === undefined ? null : { why: waits.why, missing: waits.missing },
    pressed: parts.pressed,
    failovers: parts.failovers,
  };
}

function isPromotable(node: string, sights: readonly SentinelSight[]): boolean {
  const choosing = sights.filter(
    ({ view }) =>
      view.is === 'seen' && view.replicas.some((one) => one.endpoint === node && couldChoose(one)),
  );
  return choosing.length * 2 > sights.length;
}

function nodeInView(watch: NodeWatch): NodeInView {
  const seen = watch.seen();
  const role = seen?.role;
  return {
    endpoint: watch.name,
    role: role?.is ?? 'silent',
    of: role?.is === 'replica' ? role.of : null,
    link: role?.is === 'replica' ? role.link : null,
    offset: role === undefined || role.is === 'other' ? null : role.offset,
    record: seen?.record ?? null,
  };
}
