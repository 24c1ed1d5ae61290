/**
 * A simulated Sentinel, by the rules of the real one: it asks every node and every other Sentinel, agrees with them that
 * the primary is down, is elected or told to, and promotes by its own view of the replicas. One simplification: all nodes
 * and Sentinels are known from the start.
 */
import { type Command, RedisError, type RedisReply } from '@holdfast/ha-core';
import type { ClientAnswer } from '../redis/clients.ts';
import type { ClientRequest } from '../redis/server-state.ts';
import { answerQuestion } from './answers.ts';
import { choosable } from './choice.ts';
import { answerDown, askSentinels, checkAgreedDown } from './election.ts';
import { promotionSeen, repointingSeen, startFailover, startIfNeeded, stepFailover } from './failover.ts';
import { readHello } from './hello.ts';
import type { Instance } from './instance.ts';
import { askInstance, checkDown } from './monitoring.ts';
import { correct } from './repointing.ts';
import { createState, namePrimary, type SentinelOptions, type SentinelState, shownAddress } from './state.ts';

/** Time that jumps by more between two ticks, or back, makes it stop acting for TILT_MS. */
const JUMP_MS = 2000;
const TILT_MS = 30_000;

/** Starts one; what it sees is there to be looked at. */
export function startSentinel(options: SentinelOptions): SentinelState {
  const { process, note } = options;
  const { host } = process;
  const hear = (text: string): void => readHello(state, text, switchTo);
  const state = createState(options, (text) => hear(text));
  let tickedAtMs = host.wallMs();

  const switchTo = (address: string): void => {
    note(`${process.name}: the primary is ${address} (epoch ${state.file.configEpoch})`);
    namePrimary(state, address, hear);
  };

  const onInfo = (instance: Instance): void => {
    if (state.tiltSinceMs > 0) return;
    const nowMs = host.wallMs();
    const awaited = state.failover.state === 'wait_promotion' && instance.promoted;
    if (awaited && instance.role === 'master') promotionSeen(state, nowMs);
    else correct(state, instance, nowMs);
    if (instance.kind === 'replica' && instance.role === 'slave') repointingSeen(state, instance);
  };

  const acts = (nowMs: number): boolean => {
    if (state.tiltSinceMs > 0 && nowMs - state.tiltSinceMs >= TILT_MS) state.tiltSinceMs = 0;
    return state.tiltSinceMs === 0;
  };

  const tick = (): void => {
    const nowMs = host.wallMs();
    if (nowMs < tickedAtMs || nowMs - tickedAtMs > JUMP_MS) {
      state.tiltSinceMs = nowMs;
      note(`${process.name}: time jumped, does not act for a while`);
    }
    tickedAtMs = nowMs;
    handle(state.primary, nowMs);
    if (acts(nowMs)) lead(nowMs);
    for (const instance of state.replicas.values()) handle(instance, nowMs);
    for (const instance of state.sentinels.values()) handle(instance, nowMs);
    const { failover } = state;
    if (failover.state === 'update_config') switchTo(failover.promoted?.address ?? state.primary.address);
    host.after(1000 / (10 + Math.floor(host.random() * 10)), tick);
  };

  const handle = (instance: Instance, nowMs: number): void => {
    askInstance(state, instance, nowMs, onInfo);
    if (acts(nowMs)) checkDown(state, instance, nowMs);
  };

  const lead = (nowMs: number): void => {
    checkAgreedDown(state, nowMs);
    if (startIfNeeded(state, nowMs)) askSentinels(state, nowMs, true);
    stepFailover(state, nowMs);
    askSentinels(state, nowMs, false);
  };

  const failOver = (): RedisReply => {
    if (state.failover.state !== 'none') return new RedisError('INPROG Failover already in progress');
    const nowMs = host.wallMs();
    if (choosable(state, nowMs).length === 0)
      return new RedisError('NOGOODSLAVE No suitable replica to promote');
    startFailover(state, nowMs, true);
    return 'OK';
  };

  const receive = (command: Command): RedisReply => {
    const [name, what = '', ...args] = command;
    switch (name.toUpperCase()) {
      case 'PING':
        return 'PONG';
      case 'ROLE':
        return ['sentinel', [options.name]];
      case 'INFO':
        return `# Sentinel\r\nsentinel_masters:1\r\nsentinel_tilt:${state.tiltSinceMs > 0 ? 1 : 0}\r\n`;
      case 'PUBLISH':
        hear(args[0] ?? '');
        return 1;
      case 'SENTINEL':
        return asked(what.toUpperCase(), args);
      default:
        return new RedisError(`ERR unknown command '${name}', with args beginning with: `);
    }
  };

  const asked = (what: string, args: readonly string[]): RedisReply => {
    if (what === 'IS-MASTER-DOWN-BY-ADDR') return answerDown(state, args);
    if (what === 'DEBUG') return setPeriods(state, args);
    if (what === 'SET' && args[0] === options.name) return setOptions(state, args.slice(1));
    if (what === 'FAILOVER' && args[0] === options.name) return failOver();
    return answerQuestion(state, what, args);
  };

  options.wire.bind(process, shownAddress(options.endpoint), (end) => {
    end.onMessage((message) => {
      const { id, commands } = message as ClientRequest;
      end.send({ id, replies: commands.map(receive) } satisfies ClientAnswer);
    });
  });
  host.after(host.random() * 100, tick);
  return state;
}

const SETTABLE = {
  'down-after-milliseconds': 'downAfterMs',
  'failover-timeout': 'failoverTimeoutMs',
} as const;

/** One after the other, as Sentinel does: those before a wrong one hold. */
function setOptions({ file }: SentinelState, args: readonly string[]): RedisReply {
  for (let i = 0; i < args.length; i += 2) {
    const [name = '', value] = args.slice(i, i + 2);
    const field = Object.entries(SETTABLE).find(([option]) => option === name.toLowerCase())?.[1];
    if (field === undefined || value === undefined)
      return new RedisError(`ERR Unknown option or number of arguments for SENTINEL SET '${name}'`);
    if (!/^[1-9]\d*$/.test(value))
      return new RedisError(`ERR Invalid argument '${value}' for SENTINEL SET '${name}'`);
    file[field] = Number(value);
  }
  return 'OK';
}

function setPeriods({ periods }: SentinelState, args: readonly string[]): RedisReply {
  for (let i = 0; i < args.length; i += 2) {
    const [name, value] = [(args[i] ?? '').toLowerCase(), Number(args[i + 1])];
    if (!Number.isInteger(value) || value <= 0)
      return new RedisError(`ERR Invalid argument '${args[i + 1]}' to SENTINEL DEBUG '${args[i]}'`);
    if (name === 'info-period') periods.infoMs = value;
    else if (name === 'ping-period') periods.pingMs = value;
    else return new RedisError(`ERR Unknown option or number of arguments for SENTINEL DEBUG '${args[i]}'`);
  }
  return 'OK';
}
