/** The status as people see it. */
import { describe, expect, it } from 'vitest';
import { healthyNode, healthyStatus } from '../testing/cluster-status.ts';
import { painter } from './paint.ts';
import { showRedis } from './show-redis.ts';
import { showStatus } from './show-status.ts';

const ESCAPE = '\u001b';
const plain = { columns: 200, colours: false };

describe('showStatus', () => {
  it('shows nodes and accounts in columns', () => {
    expect(showStatus(healthyStatus(), plain)).toEqual([
      'cluster demo, profile fast: all is well',
      '',
      'node      kind    role     pid  endpoint        state',
      'redis-1   redis   primary  17   127.0.0.1:7001  ok: 1 replica follows',
      'redis-2   redis   replica  17   127.0.0.1:7001  ok',
      'engine-1  engine  active   17   127.0.0.1:7001  ok',
      '',
      ...showRedis(healthyStatus().redis, painter(false)),
      '',
      'account       active    epoch  connection  pending  unknown  compared             last result',
      'demo-hedging  engine-1  3      up          0        0        3 agree, 1 not ours  4: s-1 filled (executed)',
    ]);
  });

  it('says what is down and what nobody can tell', () => {
    const good = healthyStatus();
    const lines = showStatus(
      {
        ...good,
        degraded: true,
        degradedBecause: ['sync (sync) is silent'],
        nodes: [healthyNode({ name: 'sync', kind: 'sync', pid: null, healthy: false, detail: 'no answer' })],
        accounts: good.accounts.map((account) => ({
          ...account,
          active: null,
          pending: null,
          reconciliation: null,
          lastResult: null,
        })),
      },
      plain,
    );
    expect(lines[0]).toContain('degraded');
    expect(lines[1]).toBe('  sync (sync) is silent');
    expect(lines[4]).toBe('sync  sync             127.0.0.1:7001  down: no answer');
    expect(lines.at(-1)).toBe('demo-hedging  nobody  3      up          ?        0');
  });

  it('fits the terminal, colours apart', () => {
    const lines = showStatus(healthyStatus(), { columns: 20, colours: true });
    const visible = lines.map((line) => line.replaceAll(new RegExp(`${ESCAPE}\\[\\d+m`, 'g'), ''));
    expect(visible.every((line) => line.length <= 20)).toBe(true);
    expect(visible[3]).toBe('redis-1   redis   pr');
    expect(lines.join('')).toContain(`${ESCAPE}[32m`);
  });
});
