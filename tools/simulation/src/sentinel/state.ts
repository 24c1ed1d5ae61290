/** What one simulated Sentinel consists of while it runs, and what of it is in its file. */
import type { Endpoint } from '@holdfast/ha-core';
import type { VirtualProcess } from '../world/virtual-process.ts';
import type { Wire } from '../world/wire.ts';
import { freshInstance, type Instance, type InstanceKind } from './instance.ts';
import { createLink } from './link.ts';

export type SentinelOptions = {
  readonly wire: Wire;
  readonly process: VirtualProcess;
  readonly endpoint: Endpoint;
  /** Its name for the primary. */
  readonly name: string;
  readonly nodes: readonly Endpoint[];
  readonly sentinels: readonly Endpoint[];
  readonly parallelSyncs: number;
  readonly quorum: number;
  /** Written by it; a Sentinel that is started again is given the same. */
  readonly file: SentinelFile;
  readonly note: (line: string) => void;
};

/** What Sentinel writes into its configuration file. */
export type SentinelFile = {
  primary: string;
  currentEpoch: number;
  configEpoch: number;
  /** The epoch of its last vote; whom it was for is not in the file. */
  leaderEpoch: number;
  downAfterMs: number;
  failoverTimeoutMs: number;
};

export type FailoverState =
  | 'none'
  | 'wait_start'
  | 'select_slave'
  | 'send_slaveof_noone'
  | 'wait_promotion'
  | 'reconf_slaves'
  | 'update_config';

export type SentinelState = {
  readonly options: SentinelOptions;
  readonly id: string;
  readonly file: SentinelFile;
  /** Set by SENTINEL DEBUG; lost with the process. */
  readonly periods: { infoMs: number; pingMs: number };
  /** Whom it voted for last. */
  leader: string;
  primary: Instance;
  replicas: ReadonlyMap<string, Instance>;
  readonly sentinels: ReadonlyMap<string, Instance>;
  readonly failover: {
    state: FailoverState;
    /** Asked for by SENTINEL FAILOVER: needs no election. */
    forced: boolean;
    epoch: number;
    /** When it began; no other begins before twice the failover timeout after it. */
    startedMs: number;
    changedMs: number;
    promoted: Instance | undefined;
  };
  /** Since when it does not act, because time jumped; 0 when it acts. */
  tiltSinceMs: number;
};

export const PUBLISH_MS = 2000;
export const ASK_MS = 1000;
/** The most by which a start or a vote is put off by chance. */
export const DESYNC_MS = 1000;

export const shownAddress = ({ host, port }: Endpoint): string => `${host}:${port}`;

/** Host and port of an address, as words of a command. */
export function addressWords(address: string): [string, string] {
  const at = address.lastIndexOf(':');
  return [address.slice(0, at), address.slice(at + 1)];
}

/** A Sentinel that begins with what its file says; it knows all nodes and the other Sentinels. */
export function createState(options: SentinelOptions, onHello: (text: string) => void): SentinelState {
  const own = shownAddress(options.endpoint);
  const nowMs = options.process.host.wallMs();
  const instance = instanceMaker(options, onHello);
  const others = options.sentinels.map(shownAddress).filter((address) => address !== own);
  const { file } = options;
  return {
    options,
    id: idOf(own),
    file,
    periods: { infoMs: 10_000, pingMs: 1000 },
    leader: '',
    primary: instance('primary', file.primary, nowMs),
    replicas: replicasOf(options, file.primary, (address) => instance('replica', address, nowMs)),
    sentinels: new Map(
      others.map((address) => [address, { ...instance('sentinel', address, nowMs), id: idOf(address) }]),
    ),
    failover: {
      state: 'none',
      forced: false,
      epoch: 0,
      startedMs: 0,
      changedMs: 0,
      promoted: undefined,
    },
    tiltSinceMs: 0,
  };
}

/**
 * Names another primary: every instance begins anew, with nothing known of it. A replica of which no INFO has come
 * counts as of priority 100, but cannot be chosen before its first INFO.
 */
export function namePrimary(state: SentinelState, address: string, onHello: (text: string) => void): void {
  const { options, file, failover } = state;
  const nowMs = options.process.host.wallMs();
  const instance = instanceMaker(options, onHello);
  for (const old of [state.primary, ...state.replicas.values()]) old.link.close();
  file.primary = address;
  state.leader = '';
  state.primary = instance('primary', address, nowMs);
  state.replicas = replicasOf(options, address, (other) => instance('replica', other, nowMs));
  Object.assign(failover, { state: 'none', forced: false, startedMs: 0, changedMs: 0, promoted: undefined });
}

function instanceMaker({ wire, process }: SentinelOptions, onHello: (text: string) => void) {
  return (kind: InstanceKind, address: string, nowMs: number): Instance => {
    const heard = kind === 'sentinel' ? undefined : onHello;
    return freshInstance(kind, address, createLink({ wire, process, address, onHello: heard, nowMs }), nowMs);
  };
}

function replicasOf(
  { nodes }: SentinelOptions,
  primary: string,
  make: (address: string) => Instance,
): ReadonlyMap<string, Instance> {
  const others = nodes.map(shownAddress).filter((address) => address !== primary);
  return new Map(others.map((address) => [address, make(address)]));
}

/** The id of the Sentinel at an address: forty letters, as the real one's. */
const idOf = (address: string): string => address.replaceAll(/[^0-9]/g, '').padStart(40, 'a');
