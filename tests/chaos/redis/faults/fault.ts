/**
 * A fault: what it breaks, what may be expected meanwhile, and how it strikes. It does not heal: after each run
 * everything is mended in one place (hosts/whole.ts), whatever the fault was.
 */
import type { Cluster, Roles } from '../hosts/cluster.ts';
import type { Cuts } from '../hosts/cuts.ts';
import type { Client, TestNetwork } from '../hosts/network.ts';
import type { Random } from '@holdfast/drill';
import type { Story } from '../story.ts';

/** What a fault cannot do without: cut links, groups in firewall rules, the preloaded library, disks, wardens. */
export type Need = 'links' | 'groups' | 'shim' | 'image' | 'disk' | 'wardens' | 'switchover';

export type Stage = {
  readonly cluster: Cluster;
  readonly network: TestNetwork;
  readonly cuts: Cuts;
  readonly story: Story;
  readonly random: Random;
  /** Who was what when the run began. */
  readonly roles: Roles;
  /**
   * Does the fault. The outage counts from before the deed to the acknowledgement of a write that began after it.
   * Called again, it begins a second measurement.
   */
  readonly strikes: (what: string, deed: () => Promise<void> | void) => Promise<void>;
  /** Waits for the acknowledgement of a write that began after the last strike; whether one came within the limit. */
  readonly untilAcknowledged: (limitMs?: number) => Promise<boolean>;
  /** Something that has to end with the run: a burner, a proxy. */
  readonly onEnd: (end: () => Promise<void> | void) => void;
  /** A client that the fault cuts off: its writer is not waited for. */
  readonly cutOff: (client: Client) => void;
  /** Takes everything back, in the middle of a run. */
  readonly mend: () => Promise<void>;
};

export type Fault = {
  readonly name: string;
  /** Row of the fault matrix that it covers. */
  readonly row: string;
  /** In a sentence. */
  readonly what: string;
  readonly needs?: readonly Need[];
  /** Whether another node must, may or must not become the primary. */
  readonly failover: 'must' | 'may' | 'must not';
  /** Whether writes can be acknowledged while the fault lasts; else the outage counts from its end. */
  readonly serves: boolean;
  /**
   * What counts as its outage: the time to the first acknowledgement (else), or the longest time in the run without
   * any, where the service is expected to go on while the fault lasts.
   */
  readonly measures?: 'longest stall';
  /** How long the fault stays after the first acknowledgement, so that its later effects show, in ms. */
  readonly holdMs?: number;
  /** The longest outage that the aim allows, in ms. */
  readonly worstMs?: number;
  /** Whether it can be one of a pair: it strikes in one step and needs no state of its own. */
  readonly pairs?: boolean;
  readonly strike: (stage: Stage) => Promise<void>;
};

/** The longest outages of the aim: a dead process, a silent one, a replica, a planned change. */
export const WORST_MS = { death: 600, silence: 1000, replica: 1000, planned: 100 } as const;
