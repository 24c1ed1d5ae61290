/** Agreement of Sentinels: that the primary is down, and who of them leads the failover. */
import type { RedisReply } from '@holdfast/ha-core';
import { ASK_MS, addressWords, DESYNC_MS, type SentinelState } from './state.ts';

/** What another said of the primary, and its vote, count so long. */
const SAID_MS = ASK_MS * 5;

/** Gives this Sentinel's vote of an epoch to a candidate, unless it was given; answers whose it is. */
export function vote(
  state: SentinelState,
  epoch: number,
  candidate: string,
): { leader: string; epoch: number } {
  const { file, failover, options } = state;
  const { host } = options.process;
  file.currentEpoch = Math.max(file.currentEpoch, epoch);
  if (file.leaderEpoch < epoch && file.currentEpoch <= epoch) {
    state.leader = candidate;
    file.leaderEpoch = file.currentEpoch;
    if (candidate !== state.id) failover.startedMs = host.wallMs() + Math.floor(host.random() * DESYNC_MS);
  }
  return { leader: state.leader, epoch: file.leaderEpoch };
}

/** Objectively down: enough Sentinels said so lately. */
export function checkAgreedDown(state: SentinelState, nowMs: number): void {
  const { primary, options } = state;
  const others = [...state.sentinels.values()].filter((other) => other.saysDown).length;
  if (primary.downSinceMs === 0 || others + 1 < options.quorum) primary.agreedDownSinceMs = 0;
  else if (primary.agreedDownSinceMs === 0) primary.agreedDownSinceMs = nowMs;
}

/** Asks the others whether the primary is down, and for their vote once a failover has begun. */
export function askSentinels(state: SentinelState, nowMs: number, forced: boolean): void {
  const { primary, failover, file } = state;
  for (const other of state.sentinels.values()) {
    if (nowMs - other.saidAtMs > SAID_MS) {
      other.saysDown = false;
      other.leader = '';
    }
    if (primary.downSinceMs === 0 || other.link.disconnected) continue;
    if (!forced && nowMs - other.saidAtMs < ASK_MS) continue;
    const candidate = failover.state === 'none' ? '*' : state.id;
    const words = [...addressWords(primary.address), String(file.currentEpoch), candidate];
    other.link.send(['SENTINEL', 'IS-MASTER-DOWN-BY-ADDR', ...words], (reply) => {
      if (!Array.isArray(reply)) return;
      const [down, leader, epoch] = reply as readonly RedisReply[];
      other.saidAtMs = state.options.process.host.wallMs();
      other.saysDown = down === 1;
      if (leader === '*') return;
      other.leader = String(leader);
      other.leaderEpoch = Number(epoch);
    });
  }
}

/** Answers such a question of another Sentinel. */
export function answerDown(state: SentinelState, args: readonly string[]): RedisReply {
  const [host, port, epoch, candidate = '*'] = args;
  const { primary } = state;
  const known = primary.address === `${host}:${port}`;
  const down = state.tiltSinceMs === 0 && known && primary.downSinceMs > 0 ? 1 : 0;
  if (!known || candidate === '*') return [down, '*', 0];
  const given = vote(state, Number(epoch), candidate);
  return [down, given.leader === '' ? '*' : given.leader, given.epoch];
}

/** Whether this Sentinel leads in `epoch`: a majority of all, and the quorum, voted for it. It votes too, if it has not. */
export function isLeader(state: SentinelState, epoch: number): boolean {
  const { sentinels, file, options } = state;
  const votes = new Map<string, number>();
  for (const { leader, leaderEpoch } of sentinels.values()) {
    if (leader !== '' && leaderEpoch === file.currentEpoch) votes.set(leader, (votes.get(leader) ?? 0) + 1);
  }
  const [first] = [...votes].sort(([, one], [, other]) => other - one);
  const own = vote(state, epoch, first?.[0] ?? state.id);
  if (own.leader !== '' && own.epoch === epoch) votes.set(own.leader, (votes.get(own.leader) ?? 0) + 1);
  const needed = Math.max(options.quorum, Math.floor((sentinels.size + 1) / 2) + 1);
  return (votes.get(state.id) ?? 0) >= needed;
}
