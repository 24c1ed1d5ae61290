/** What a warden is made of: who it is, whom it watches, and what of the outside it is given. */
import type { Endpoint, Profile } from '@holdfast/ha-core';
import type { FailoverRecord } from './failover.ts';
import type { Peer } from './peers.ts';

export type WardenOptions = {
  readonly name: string;
  /** The Redis node beside it. */
  readonly node: Endpoint;
  readonly nodes: readonly Endpoint[];
  readonly sentinels: readonly Endpoint[];
  readonly primaryName: string;
  /** All wardens in the order of the configuration, this one among them; `node` is the Redis node of each. */
  readonly wardens: readonly (Peer & { readonly node: Endpoint })[];
  readonly listen: Endpoint;
  readonly numbers: Profile;
  readonly proof: (text: string) => string;
  readonly equal: (a: string, b: string) => boolean;
  readonly nonce: () => string;
  /** The share of the last seconds in which some process of this machine waited for a processor, 0 to 1. */
  readonly cpuPressure: () => number;
  readonly onFailover?: (record: FailoverRecord) => void;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};
