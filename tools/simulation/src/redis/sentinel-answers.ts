/** What a simulated Sentinel answers to those who ask where the primary is. */
import { RedisError, type RedisReply } from '@holdfast/ha-core';
import type { SeenInstance } from './sentinel-choice.ts';

export type SentinelView = {
  readonly name: string;
  primary: string;
  epoch: number;
  configEpoch: number;
  leader: string;
  leaderEpoch: number;
  readonly instances: ReadonlyMap<string, SeenInstance>;
  readonly isDown: (address: string) => boolean;
};

/** Answers PING and the asking subcommands of SENTINEL. */
export function answerSentinel(
  view: SentinelView,
  name: string,
  what: string,
  args: readonly string[],
): RedisReply {
  if (name === 'PING') return 'PONG';
  if (name === 'ROLE') return ['sentinel', [view.name]];
  if (name !== 'SENTINEL') return new RedisError(`ERR unknown command '${name}', with args beginning with: `);
  if (what === 'MASTERS') return [instanceReply(view, view.primary)];
  if (args[0] !== view.name) {
    if (what === 'GET-MASTER-ADDR-BY-NAME') return null;
    return new RedisError('ERR No such master with that name');
  }
  switch (what) {
    case 'GET-MASTER-ADDR-BY-NAME':
      return view.primary.split(':');
    case 'MASTER':
      return instanceReply(view, view.primary);
    case 'REPLICAS':
    case 'SLAVES':
      return [...view.instances.keys()]
        .filter((address) => address !== view.primary)
        .map((address) => instanceReply(view, address));
    default:
      return new RedisError(`ERR Unknown sentinel subcommand '${what}'`);
  }
}

function instanceReply(view: SentinelView, address: string): RedisReply {
  const instance = view.instances.get(address);
  const primary = address === view.primary;
  const flags = [primary ? 'master' : 'slave', ...(view.isDown(address) ? ['s_down'] : [])];
  const fields: Record<string, string> = {
    name: primary ? view.name : address,
    ip: address.split(':')[0] ?? '',
    port: address.split(':')[1] ?? '',
    runid: instance?.runId ?? '',
    flags: flags.join(','),
  };
  if (primary) fields['config-epoch'] = String(view.configEpoch);
  else {
    fields['master-link-status'] = instance?.linkDownSinceMs === undefined ? 'ok' : 'err';
    fields['slave-priority'] = String(instance?.priority ?? 100);
    fields['slave-repl-offset'] = String(instance?.offset ?? 0);
  }
  return Object.entries(fields).flat();
}
