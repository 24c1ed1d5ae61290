/** What a simulated Sentinel answers to those who ask: where the primary is, and how it sees everybody. */
import { RedisError, type RedisReply } from '@holdfast/ha-core';
import { announcedPrimary } from './hello.ts';
import type { Instance } from './instance.ts';
import { addressWords, type SentinelState } from './state.ts';

/** Answers the questions that change nothing. `args` begins with the name of the primary, where one is asked for. */
export function answerQuestion(state: SentinelState, what: string, args: readonly string[]): RedisReply {
  const { options, replicas, sentinels, primary } = state;
  if (what === 'MYID') return state.id;
  if (what === 'MASTERS') return [rowOf(state, primary)];
  if (args[0] !== options.name) {
    if (what === 'GET-MASTER-ADDR-BY-NAME') return null;
    return new RedisError('ERR No such master with that name');
  }
  switch (what) {
    case 'GET-MASTER-ADDR-BY-NAME':
      return addressWords(announcedPrimary(state));
    case 'MASTER':
      return rowOf(state, primary);
    case 'REPLICAS':
    case 'SLAVES':
      return [...replicas.values()].map((instance) => rowOf(state, instance));
    case 'SENTINELS':
      return [...sentinels.values()].map((instance) => rowOf(state, instance));
    default:
      return new RedisError(`ERR Unknown sentinel subcommand '${what}'. Try SENTINEL HELP.`);
  }
}

function rowOf(state: SentinelState, instance: Instance): RedisReply {
  const { kind, address } = instance;
  const nowMs = state.options.process.host.wallMs();
  const [ip, port] = addressWords(address);
  const name = { primary: state.options.name, replica: address, sentinel: instance.id }[kind];
  const runId = kind === 'sentinel' ? instance.id : instance.runId;
  const flags = flagsOf(state, instance).join(',');
  const row = ['name', name, 'ip', ip, 'port', port, 'runid', runId, 'flags', flags];
  if (instance.downSinceMs > 0) row.push('s-down-time', String(nowMs - instance.downSinceMs));
  if (kind === 'primary') row.push(...primaryFields(state));
  if (kind === 'replica') row.push(...replicaFields(instance, nowMs));
  return row;
}

const KIND_FLAGS = { primary: 'master', replica: 'slave', sentinel: 'sentinel' } as const;

function flagsOf({ failover }: SentinelState, instance: Instance): string[] {
  const { kind, link, told } = instance;
  const flags: string[] = [];
  const add = (flag: string, holds: boolean): void => {
    if (holds) flags.push(flag);
  };
  add('s_down', instance.downSinceMs > 0);
  add('o_down', instance.agreedDownSinceMs > 0);
  add(KIND_FLAGS[kind], true);
  add('disconnected', link.disconnected);
  add('master_down', kind === 'sentinel' && instance.saysDown);
  add('failover_in_progress', kind === 'primary' && failover.state !== 'none');
  add('promoted', instance.promoted);
  add('reconf_sent', told === 'sent');
  add('reconf_inprog', told === 'in progress');
  add('reconf_done', told === 'done');
  add('force_failover', kind === 'primary' && failover.forced);
  return flags;
}

function primaryFields({ failover, file, options, replicas, sentinels }: SentinelState): string[] {
  return [
    ...(failover.state === 'none' ? [] : ['failover-state', failover.state]),
    'down-after-milliseconds',
    String(file.downAfterMs),
    'config-epoch',
    String(file.configEpoch),
    'num-slaves',
    String(replicas.size),
    'num-other-sentinels',
    String(sentinels.size),
    'quorum',
    String(options.quorum),
    'failover-timeout',
    String(file.failoverTimeoutMs),
    'parallel-syncs',
    String(options.parallelSyncs),
  ];
}

function replicaFields(instance: Instance, nowMs: number): string[] {
  const [host, port] = instance.follows === '' ? ['?', '0'] : addressWords(instance.follows);
  return [
    'info-refresh',
    String(instance.infoAtMs === 0 ? 0 : nowMs - instance.infoAtMs),
    'role-reported',
    instance.role,
    'master-link-down-time',
    String(instance.linkDownMs),
    'master-link-status',
    instance.linkUp ? 'ok' : 'err',
    'master-host',
    host,
    'master-port',
    port,
    'slave-priority',
    String(instance.priority),
    'slave-repl-offset',
    String(instance.offset),
  ];
}
