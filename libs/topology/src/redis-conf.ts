/**
 * The text of a Redis node's configuration. It is written anew at each start, because Sentinel's CONFIG REWRITE
 * changes the file; whose replica the node is comes on the command line, from the start gate.
 */
import type { Configuration, RedisSecrets } from '@holdfast/configuration';
import type { Endpoint, Profile } from '@holdfast/ha-core';
import { quoted } from './quoted.ts';
import { redisUserLines } from './redis-users.ts';
import { portLines } from './redis-tls.ts';

/** `password` or `users`: how clients prove who they are; with neither they need not. */
export type RedisConfOptions = RedisSecrets & {
  readonly node: Endpoint;
  /** Folder of the node's data, absolute. */
  readonly folder: string;
  readonly redis: Configuration['redis'];
  readonly numbers: Profile;
};

/** redis.conf. Throws when the folder or a password has a control character, which no configuration line can hold. */
export function redisConf(options: RedisConfOptions): string {
  const { node, redis, numbers } = options;
  const lines = [
    `bind ${node.host}`,
    ...portLines(node.port, options.tls),
    'protected-mode yes',
    'daemonize no',
    'pidfile ""',
    'logfile ""',
    `dir ${quoted('folder', options.folder)}`,
    `tcp-backlog ${numbers.redisTcpBacklog}`,
    `tcp-keepalive ${numbers.redisTcpKeepaliveS}`,
    // The append-only file holds every acknowledged write (I1); a rewrite in the background changes nothing of that.
    'appendonly yes',
    `appendfsync ${redis.appendfsync}`,
    'no-appendfsync-on-rewrite no',
    // Snapshots are the second line: that one fails (no memory to fork) must not stop what the first line holds.
    'save 3600 1 300 100 60 10000',
    'stop-writes-on-bgsave-error no',
    // Only keys with a TTL can be evicted, and none of ours has one.
    `maxmemory ${redis.maxmemoryBytes}`,
    'maxmemory-policy volatile-lru',
    // A primary without a replica takes nothing, so a resumed old primary cannot collect writes that are lost later.
    `min-replicas-to-write ${redis.nodes.length > 1 ? 1 : 0}`,
    'min-replicas-max-lag 2',
    // Above 0 only by the node's warden, once the node is in the in-sync set (I1).
    'replica-priority 0',
    'repl-diskless-sync-delay 0',
    // A replica that needs everything again (the chosen one was behind it) keeps writes waiting until it has it. Compressing
    // costs more time than it spares on the way, and at 10 Hz Redis sees only after up to 100 ms that the copy is sent.
    'rdbcompression no',
    'hz 50',
    'repl-backlog-size 64mb',
    `replica-announce-ip ${node.host}`,
    `replica-announce-port ${node.port}`,
    ...(options.password === undefined ? [] : passwordLines(options.password)),
    ...(options.users === undefined ? [] : redisUserLines(options.users)),
  ];
  return `${lines.join('\n')}\n`;
}

function passwordLines(password: string): string[] {
  const text = quoted('password', password);
  return [`requirepass ${text}`, `masterauth ${text}`];
}
