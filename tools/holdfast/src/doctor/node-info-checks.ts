/** What a Redis node's INFO says of its disk, its start and its memory. */
import type { Profile } from '@holdfast/ha-core';
import type { NodeEvidence } from '../redis/node-evidence.ts';
import { type Check, fail, warn } from './check.ts';

/** Loading, the append-only file, snapshots. */
export function diskChecks({ node, info }: NodeEvidence): readonly Check[] {
  const found: Check[] = [];
  const is = (field: string, value: string): boolean => info.get(field) === value;
  if (is('loading', '1')) {
    const share = Number(info.get('loading_loaded_perc') ?? 0).toFixed(0);
    const left = info.get('loading_eta_seconds') ?? '?';
    found.push(
      warn(node.name, `loads its data, ${share} % are there`, `wait about ${left} s: it answers then`),
    );
  }
  if (is('aof_last_write_status', 'err')) {
    found.push(
      fail(
        node.name,
        'cannot write its append-only file (it answers MISCONF): the disk is full or fails',
        'make room on its disk; it acknowledges nothing until then, and goes on by itself',
      ),
    );
  }
  if (is('aof_enabled', '0')) {
    found.push(
      fail(
        node.name,
        'writes no append-only file: what it has is gone when its machine loses power',
        'restart it with the redis.conf that Holdfast writes (appendonly yes)',
      ),
    );
  }
  if (is('aof_last_bgrewrite_status', 'err')) {
    found.push(
      warn(
        node.name,
        'the last rewrite of its append-only file failed: the file grows on',
        'see its log: the disk is nearly full, or there is no memory to fork (vm.overcommit_memory=1)',
      ),
    );
  }
  if (is('rdb_last_bgsave_status', 'err')) {
    found.push(
      warn(
        node.name,
        'its last snapshot (RDB) failed; the append-only file still holds everything',
        'see its log: the disk is nearly full, or there is no memory to fork (vm.overcommit_memory=1)',
      ),
    );
  }
  return found;
}

/** How full its memory is. */
export function memoryChecks({ node, info }: NodeEvidence, numbers: Profile): readonly Check[] {
  const most = Number(info.get('maxmemory') ?? 0);
  const used = Number(info.get('used_memory') ?? 0);
  if (info.size === 0) return [];
  if (most === 0) {
    return [
      warn(
        node.name,
        'has no maxmemory: it can take all memory of its machine',
        'restart it with the redis.conf that Holdfast writes',
      ),
    ];
  }
  const percent = (used / most) * 100;
  if (percent < numbers.redisOpensRefusedPercent) return [];
  const found = `memory at ${percent.toFixed(1)} % of maxmemory`;
  const raise = 'raise redis.maxmemoryBytes and restart the replicas first, or find out what fills it';
  return percent >= 100
    ? [fail(node.name, `${found}: no signal is accepted; results still finish`, raise)]
    : [
        warn(
          node.name,
          `${found}: signals that open are refused from ${numbers.redisOpensRefusedPercent} % on; closes go on`,
          raise,
        ),
      ];
}
