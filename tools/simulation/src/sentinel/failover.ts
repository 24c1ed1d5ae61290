/** A Sentinel's failover: one state a tick, until the replicas follow the promoted one. */
import { choose } from './choice.ts';
import { isLeader } from './election.ts';
import { hurryHellos } from './hello.ts';
import type { Instance } from './instance.ts';
import { repoint } from './repointing.ts';
import { DESYNC_MS, type FailoverState, type SentinelState } from './state.ts';

const ELECTION_MS = 10_000;
/** A replica that was told to follow and does not show it counts as told after this. */
const TOLD_LIMIT_MS = 10_000;

const tell = ({ options }: SentinelState, line: string): void =>
  options.note(`${options.process.name}: ${line}`);

function enter(state: SentinelState, next: FailoverState, nowMs: number): void {
  state.failover.state = next;
  state.failover.changedMs = nowMs;
}

/** Begins one in a new epoch. */
export function startFailover(state: SentinelState, nowMs: number, forced: boolean): void {
  const { failover, file, options } = state;
  file.currentEpoch += 1;
  failover.epoch = file.currentEpoch;
  failover.forced = forced;
  failover.startedMs = nowMs + Math.floor(options.process.host.random() * DESYNC_MS);
  enter(state, 'wait_start', nowMs);
  tell(state, `tries a failover of ${state.primary.address} in epoch ${failover.epoch}`);
}

/** Begins one where the primary is agreed to be down, and none was tried lately; true when it did. */
export function startIfNeeded(state: SentinelState, nowMs: number): boolean {
  const { failover, primary, file } = state;
  if (primary.agreedDownSinceMs === 0 || failover.state !== 'none') return false;
  if (nowMs - failover.startedMs < file.failoverTimeoutMs * 2) return false;
  startFailover(state, nowMs, false);
  return true;
}

/** One step. */
export function stepFailover(state: SentinelState, nowMs: number): void {
  const { failover, file } = state;
  switch (failover.state) {
    case 'wait_start':
      return awaitElection(state, nowMs);
    case 'select_slave':
      return select(state, nowMs);
    case 'send_slaveof_noone':
      return promote(state, nowMs);
    case 'wait_promotion':
      if (nowMs - failover.changedMs > file.failoverTimeoutMs) abort(state, nowMs, 'nobody was promoted');
      return;
    case 'reconf_slaves':
      return repointOthers(state, nowMs);
    case 'none':
    case 'update_config':
  }
}

function awaitElection(state: SentinelState, nowMs: number): void {
  const { failover, file } = state;
  const leads = isLeader(state, failover.epoch);
  if (leads || failover.forced) return enter(state, 'select_slave', nowMs);
  if (nowMs - failover.startedMs > Math.min(ELECTION_MS, file.failoverTimeoutMs))
    abort(state, nowMs, 'not elected');
}

function select(state: SentinelState, nowMs: number): void {
  const chosen = choose(state, nowMs);
  if (chosen === undefined) return abort(state, nowMs, 'no good replica to promote');
  chosen.promoted = true;
  state.failover.promoted = chosen;
  enter(state, 'send_slaveof_noone', nowMs);
  tell(state, `selects ${chosen.address} (priority ${chosen.priority}, offset ${chosen.offset} as seen)`);
}

function promote(state: SentinelState, nowMs: number): void {
  const { failover, file } = state;
  const { promoted } = failover;
  if (promoted === undefined || promoted.link.disconnected) {
    if (nowMs - failover.changedMs > file.failoverTimeoutMs) abort(state, nowMs, 'the chosen one is gone');
    return;
  }
  repoint(promoted, undefined);
  enter(state, 'wait_promotion', nowMs);
  tell(state, `promotes ${promoted.address}`);
}

/**
 * An INFO of the promoted one says that it is a primary. From now on the file names it, with the epoch of this failover:
 * a Sentinel that is started again knows it.
 */
export function promotionSeen(state: SentinelState, nowMs: number): void {
  const { file, failover } = state;
  file.configEpoch = failover.epoch;
  file.primary = failover.promoted?.address ?? file.primary;
  enter(state, 'reconf_slaves', nowMs);
  hurryHellos(state);
}

function repointOthers(state: SentinelState, nowMs: number): void {
  const { failover, file, options } = state;
  const others = [...state.replicas.values()].filter((one) => !one.promoted);
  const { promoted } = failover;
  if (promoted === undefined) return;
  const inProgress = (): number =>
    others.filter(({ told }) => told === 'sent' || told === 'in progress').length;
  for (const other of others) {
    if (other.told === 'sent' && nowMs - other.toldAtMs > TOLD_LIMIT_MS) other.told = 'done';
    if (other.told !== 'no' || other.link.disconnected || inProgress() >= options.parallelSyncs) continue;
    follow(other, promoted, nowMs);
  }
  if (promoted.downSinceMs > 0) return;
  const late = nowMs - failover.changedMs > file.failoverTimeoutMs;
  const open = others.some(({ told, downSinceMs }) => told !== 'done' && downSinceMs === 0);
  if (open && !late) return;
  enter(state, 'update_config', nowMs);
  if (!late) return;
  for (const other of others) {
    if (other.told !== 'done' && other.told !== 'sent' && !other.link.disconnected)
      follow(other, promoted, nowMs);
  }
}

function follow(replica: Instance, promoted: Instance, nowMs: number): void {
  repoint(replica, promoted.address);
  replica.told = 'sent';
  replica.toldAtMs = nowMs;
}

/** A replica that was told to follow shows by its INFO how far it is. */
export function repointingSeen({ failover }: SentinelState, replica: Instance): void {
  if (replica.told === 'sent' && replica.follows === failover.promoted?.address) replica.told = 'in progress';
  if (replica.told === 'in progress' && replica.linkUp) replica.told = 'done';
}

function abort(state: SentinelState, nowMs: number, why: string): void {
  const { failover } = state;
  tell(state, `gives up the failover: ${why}`);
  failover.forced = false;
  if (failover.promoted !== undefined) failover.promoted.promoted = false;
  failover.promoted = undefined;
  enter(state, 'none', nowMs);
}
