/** What a Sentinel does with every instance at each of its ticks: connect, ask, and see whether it is down. */
import { readInfo, type Instance } from './instance.ts';
import { sendHello } from './hello.ts';
import { PUBLISH_MS, type SentinelState } from './state.ts';

/** Replicas are asked so often while the primary is down, whatever the info period is. */
const INFO_URGENT_MS = 1000;
const PENDING_MAX = 100;
/** A connection that is younger is not given up. */
const LINK_AGE_MS = 15_000;

/** Connects and asks. `onInfo` is told of each INFO. */
export function askInstance(
  state: SentinelState,
  instance: Instance,
  nowMs: number,
  onInfo: (instance: Instance) => void,
): void {
  const { link, kind } = instance;
  const { pingMs } = state.periods;
  if (link.disconnected && nowMs - link.triedAtMs >= pingMs) {
    link.connect(nowMs, () => ping(state, instance, nowMs));
  }
  if (link.disconnected || link.pending() >= PENDING_MAX) return;
  if (
    kind !== 'sentinel' &&
    (instance.infoAtMs === 0 || nowMs - instance.infoAtMs > infoMs(state, instance))
  ) {
    link.send(['INFO'], (reply) => {
      if (typeof reply !== 'string') return;
      readInfo(instance, reply, state.options.process.host.wallMs());
      onInfo(instance);
    });
  }
  const every = Math.min(state.file.downAfterMs, pingMs);
  if (nowMs - link.pongMs > every && nowMs - link.pingSentMs > every / 2) ping(state, instance, nowMs);
  if (nowMs - instance.helloSentMs > PUBLISH_MS) sendHello(state, instance);
}

function infoMs(state: SentinelState, instance: Instance): number {
  const { primary, failover, periods } = state;
  const urgent =
    instance.kind === 'replica' &&
    (primary.agreedDownSinceMs > 0 || failover.state !== 'none' || instance.linkDownMs !== 0);
  return urgent ? INFO_URGENT_MS : periods.infoMs;
}

function ping(state: SentinelState, { link }: Instance, nowMs: number): void {
  const sent = link.send(['PING'], (reply) => {
    const now = state.options.process.host.wallMs();
    link.pongMs = now;
    if (reply !== 'PONG') return;
    link.availableMs = now;
    link.pingWaitsMs = 0;
  });
  if (!sent) return;
  link.pingSentMs = nowMs;
  if (link.pingWaitsMs === 0) link.pingWaitsMs = nowMs;
}

/** Subjectively down: no answer for the down-after time, or a primary that says for long that it is a replica. */
export function checkDown(state: SentinelState, instance: Instance, nowMs: number): void {
  const { link, kind } = instance;
  const { downAfterMs } = state.file;
  let silentMs = 0;
  if (link.pingWaitsMs > 0) silentMs = nowMs - link.pingWaitsMs;
  else if (link.disconnected) silentMs = nowMs - link.availableMs;
  giveUpOldLinks(instance, nowMs, downAfterMs);
  const demoted =
    kind === 'primary' &&
    instance.role === 'slave' &&
    nowMs - instance.roleSinceMs > downAfterMs + state.periods.infoMs * 2;
  if (silentMs <= downAfterMs && !demoted) instance.downSinceMs = 0;
  else if (instance.downSinceMs === 0) {
    instance.downSinceMs = nowMs;
    instance.lastDownMs = nowMs;
    state.options.note(`${state.options.process.name}: ${kind} ${instance.address} is down`);
  }
}

function giveUpOldLinks({ link }: Instance, nowMs: number, downAfterMs: number): void {
  const half = downAfterMs / 2;
  const waits = link.pingWaitsMs > 0 && nowMs - link.pingWaitsMs > half && nowMs - link.pongMs > half;
  if (waits && nowMs - link.commandsSinceMs > LINK_AGE_MS) link.dropCommands();
  if (nowMs - link.hellosSinceMs > LINK_AGE_MS && nowMs - link.heardHelloMs > PUBLISH_MS * 3)
    link.dropHellos();
}
