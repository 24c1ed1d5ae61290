/** Ready, degraded, or not, in the same words on /readyz and in the status: by what the writer can acknowledge. */
import type { Configuration } from '@holdfast/configuration';
import { degradedText, whyNothingIsAcknowledged as notReady, type WriterView } from '@holdfast/redis';
import { expect, it } from 'vitest';
import { redisProblems, redisStatus } from './redis-status.ts';

const node = (number: number) => ({ name: `redis-${number}`, host: '10.0.0.1', port: 7000 + number });
const at = (number: number) => `10.0.0.1:${7000 + number}`;
const redis = { nodes: [node(1), node(2), node(3)] } as unknown as Configuration['redis'];
const view = { replicas: [], usedMemoryPercent: 3, nodes: [], failovers: [] };

function writer(primary: string | undefined, level: WriterView['level'], inSync: string[]): WriterView {
  return { primary, level, inSync, record: undefined } as unknown as WriterView;
}

const problems = (seen: WriterView): string[] =>
  redisProblems(redisStatus({ redis, writer: seen, view, topology: undefined }), redis);

it('is ready with both replicas in the set, and nothing is wrong', () => {
  const full = writer(at(1), 'full', [at(2), at(3)]);
  expect([notReady(full), degradedText(full, redis.nodes), problems(full)]).toEqual([
    undefined,
    undefined,
    [],
  ]);
});

it('is ready and degraded with one, which is named', () => {
  const one = writer(at(1), 'degraded', [at(3)]);
  expect(notReady(one)).toBeUndefined();
  expect(degradedText(one, redis.nodes)).toBe('redis-3 alone of 2 replicas is in the in-sync set');
  expect(problems(one)).toEqual(['Redis: DEGRADED: redis-3 alone of 2 replicas is in the in-sync set']);
});

it('is not ready without any, with one that is needed and not connected, and without a primary', () => {
  const none = writer(at(1), 'none', []);
  expect(notReady(none)).toBe('no replica is in the in-sync set: nothing is acknowledged');
  expect(problems(none)).toEqual(['Redis: nothing is acknowledged: no replica is in the in-sync set']);
  const lost = writer(at(1), 'none', [at(2), at(3)]);
  expect(notReady(lost)).toContain('in the in-sync set one is not connected');
  expect(problems(lost)).toEqual([
    'Redis: nothing is acknowledged: of redis-2, redis-3, which it needs, one is not connected',
  ]);
  const nobody = writer(undefined, 'none', []);
  expect(notReady(nobody)).toBe('no Redis primary that can acknowledge');
  // Who acknowledges nothing is not degraded: there is nothing that works all the same.
  expect([none, lost, nobody].map((one) => degradedText(one, redis.nodes))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(problems(nobody)).toEqual(['Redis: no primary that can acknowledge: nothing is accepted']);
});

it('counts the Sentinels that answer a warden, and says when they are too few to promote anybody', () => {
  const full = writer(at(1), 'full', [at(2), at(3)]);
  const told = (...named: (string | null)[]) => {
    const sentinels = named.map((names, index) => ({
      name: `sentinel-${index + 1}`,
      endpoint: `10.0.0.1:${8001 + index}`,
      names,
      down: [],
    }));
    const topology = { sentinels, wardens: [], nodes: [], waits: null, toldBy: 'warden-1' };
    const status = redisStatus({
      redis,
      writer: full,
      view,
      topology: topology as unknown as NonNullable<Parameters<typeof redisStatus>[0]['topology']>,
    });
    return [status.quorum, redisProblems(status, redis)];
  };
  expect(told(at(1), at(1), at(1))).toEqual([{ answering: 3, needed: 2 }, []]);
  expect(told(at(1), null, at(1))).toEqual([
    { answering: 2, needed: 2 },
    ['Redis: sentinel-2 of the Sentinels does not answer'],
  ]);
  expect(told(null, null, at(1))).toEqual([
    { answering: 1, needed: 2 },
    ['Redis: 1 of 3 Sentinels answer: no majority, so a lost primary is not replaced'],
  ]);
  expect(redisStatus({ redis, writer: full, view, topology: undefined }).quorum).toBeNull();
});
