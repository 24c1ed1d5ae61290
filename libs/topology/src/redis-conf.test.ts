/** The whole text, because each line of it decides about data. */
import { profile } from '@holdfast/ha-core';
import { describe, expect, it } from 'vitest';
import { redisConf } from './redis-conf.ts';
import { demoConfiguration } from './testing/configuration.ts';

const node = { host: '127.0.0.1', port: 7001 };
const redis = demoConfiguration().redis;
const numbers = profile('fast');

describe('redisConf', () => {
  it('stores every write before it is answered, and takes none without a replica', () => {
    expect(redisConf({ node, folder: '/state/redis-1', redis, numbers })).toMatchInlineSnapshot(`
      "bind 127.0.0.1
      port 7001
      protected-mode yes
      daemonize no
      pidfile ""
      logfile ""
      dir "/state/redis-1"
      tcp-backlog 1024
      tcp-keepalive 300
      appendonly yes
      appendfsync always
      no-appendfsync-on-rewrite no
      save 3600 1 300 100 60 10000
      stop-writes-on-bgsave-error no
      maxmemory 2147483648
      maxmemory-policy volatile-lru
      min-replicas-to-write 1
      min-replicas-max-lag 2
      replica-priority 0
      repl-diskless-sync-delay 0
      rdbcompression no
      hz 50
      repl-backlog-size 64mb
      replica-announce-ip 127.0.0.1
      replica-announce-port 7001
      "
    `);
  });

  it('takes everysec, the memory and a single node from the configuration', () => {
    const single = {
      ...redis,
      appendfsync: 'everysec' as const,
      maxmemoryBytes: 20_000_000,
      nodes: redis.nodes.slice(0, 1),
    };
    const text = redisConf({ node, folder: '/state', redis: single, numbers });
    expect(text).toContain('\nappendfsync everysec\n');
    expect(text).toContain('\nmaxmemory 20000000\n');
    expect(text).toContain('\nmin-replicas-to-write 0\n');
  });

  it('asks for the password, and gives it to the primary', () => {
    const text = redisConf({ node, folder: '/state', redis, numbers, password: 'a "b" \\c' });
    expect(text).toContain('\nrequirepass "a \\"b\\" \\\\c"\nmasterauth "a \\"b\\" \\\\c"\n');
  });

  it('has users instead, whose passwords do not stand in it, and a user to follow a primary with', () => {
    const users = {
      backend: 'b0',
      engine: 'e0',
      sync: 's0',
      warden: 'w0',
      sentinel: 'n0',
      replication: 'r"0',
    };
    const lines = redisConf({ node, folder: '/state', redis, numbers, users }).split('\n');
    expect(lines).toContain('user default off resetpass ~* &* +@all');
    expect(lines.filter((line) => line.startsWith('user holdfast-'))).toHaveLength(6);
    expect(lines).toContain(
      'user holdfast-replication on #6f55f66097315163ec5000308352275503a8d4a52e48537b4bacf3c2663b54c5 resetchannels -@all +ping +replconf +psync',
    );
    expect(lines.filter((line) => /\b(b0|e0|s0|w0|n0)\b/.test(line))).toEqual([]);
    expect(lines).toContain('masteruser holdfast-replication');
    expect(lines).toContain('masterauth "r\\"0"');
  });

  it('refuses what would become a further line', () => {
    expect(() => redisConf({ node, folder: '/state\nsave ""', redis, numbers })).toThrow(
      'the folder has control characters',
    );
    expect(() => redisConf({ node, folder: '/state', redis, numbers, password: 'a\nb' })).toThrow(
      'the password has control characters',
    );
  });
});
