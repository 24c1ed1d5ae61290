/** Functions of wishes, of the history of leaders, and of what a beat tells: on the simulated Redis and on the real one. */
import { readLeaders, readWishes } from '@holdfast/redis';
import type { RedisReply } from '@holdfast/ha-core';
import { describe, expect, test } from 'vitest';
import { AT, useFunctions } from './function-calls.ts';
import { SIDES } from './redis-side.ts';

describe.each(SIDES)('wishes and leaders, %s', (_, start) => {
  const { call, keys, one } = useFunctions(start);
  const body = (id: string, what: string): string =>
    JSON.stringify({ id, what, by: 'ann', reason: 'to see', args: {} });
  const wish = (id: string, what: string, text = body(id, what)): Promise<RedisReply> =>
    call('hf_wish', [keys().wishes], [id, what, text]);
  const answer = (holder: string, epoch: string, id: string, text: string): Promise<RedisReply> =>
    call('hf_answer', [keys().lease, keys().wishes], [holder, epoch, id, text]);
  const take = (holder: string, expected: readonly string[], epoch: string, cause: string) =>
    call('hf_take', [keys().lease, keys().leaders, keys().wishes], [holder, ...expected, epoch, cause]);
  const beat = (holder: string, epoch: string): Promise<RedisReply> =>
    call('hf_beat', [keys().lease, keys().wishes], [holder, epoch]);
  const seen = async () => readWishes(await one('HGETALL', keys().wishes));
  const leaders = async () => readLeaders(await one('HGETALL', keys().leaders));

  test('a wish is stored once; the same again is a repeat, another body a conflict', async () => {
    expect(await wish('w1', 'switchover')).toEqual(['accepted', AT]);
    expect(await wish('w1', 'switchover')).toEqual(['repeat', AT, '']);
    expect(await wish('w1', 'switchover', body('w1', 'pause'))).toEqual(['conflict']);
    expect((await seen()).waiting).toMatchObject([{ id: 'w1', what: 'switchover', by: 'ann' }]);
  });

  test('a pause is in force at once, whoever leads, and ends with a resume', async () => {
    await wish('p1', 'pause');
    expect((await seen()).pause).toMatchObject({ id: 'p1', by: 'ann', reason: 'to see' });
    expect(await take('a', ['', '0', '0'], '1', 'first')).toEqual(['ok', '1', 'p1', 'p1']);
    expect(await take('a', ['', '0', '0'], '1', 'first')).toEqual(['ok', '1', 'p1', 'p1']);
    expect(await answer('a', '1', 'p1', '{"is":"done"}')).toEqual(['ok']);
    expect(await beat('a', '1')).toEqual(['ok', '3', '', 'p1']);
    await wish('r1', 'resume');
    expect(await beat('a', '1')).toEqual(['ok', '4', 'r1', '']);
    expect((await seen()).pause).toBeUndefined();
  });

  test('only the leader answers, and the first answer stays (I3)', async () => {
    await wish('w1', 'switchover');
    await take('a', ['', '0', '0'], '4', 'first');
    expect(await answer('b', '4', 'w1', '{"n":1}')).toEqual(['stale', 'a', '4']);
    expect(await answer('a', '3', 'w1', '{"n":1}')).toEqual(['stale', 'a', '4']);
    expect((await seen()).waiting).toHaveLength(1);
    expect(await answer('a', '4', 'w1', '{"n":1}')).toEqual(['ok']);
    expect(await answer('a', '4', 'w1', '{"n":2}')).toEqual(['repeat', '{"n":1}']);
    expect(await answer('a', '4', 'w2', '{"n":1}')).toEqual(['missing']);
    expect(await wish('w1', 'switchover')).toEqual(['repeat', AT, '{"n":1}']);
    expect(await seen()).toMatchObject({ waiting: [], answered: [{ id: 'w1', answer: { n: 1 } }] });
  });

  test('so many may wait, and so many answered ones are kept', async () => {
    await take('a', ['', '0', '0'], '1', 'first');
    for (let i = 1; i <= 16; i += 1) expect(await wish(`w${i}`, 'switchover')).toEqual(['accepted', AT]);
    expect(await wish('w17', 'switchover')).toEqual(['full']);
    for (let i = 1; i <= 16; i += 1) await answer('a', '1', `w${i}`, '{}');
    for (let i = 17; i <= 60; i += 1) {
      await wish(`w${i}`, 'switchover');
      await answer('a', '1', `w${i}`, '{}');
    }
    const { answered } = await seen();
    expect(answered.map(({ id }) => id)).toEqual(Array.from({ length: 50 }, (__, i) => `w${60 - i}`));
    expect(await one('HEXISTS', keys().wishes, 'wish:w10')).toBe(0);
  });

  test('each change of leader is told with its cause and how long nobody was heard of', async () => {
    await take('a', ['', '0', '0'], '1', 'first');
    await beat('a', '1');
    await call('hf_release', [keys().lease], ['a', '1', 'b', 'switchover']);
    expect(await take('b', ['', '1', '3'], '2', 'handed_over')).toEqual(['ok', '2', '', '']);
    await take('b', ['', '1', '3'], '2', 'handed_over');
    await take('a', ['b', '2', '2'], '9', 'process_dead');
    const [last, second, first, ...more] = await leaders();
    const gone = expect.any(Number) as unknown;
    expect(more).toEqual([]);
    expect(first).toMatchObject({ epoch: '1', from: null, to: 'a', cause: 'first', why: null, goneMs: null });
    expect(second).toMatchObject({
      from: 'a',
      to: 'b',
      cause: 'handed_over',
      why: 'switchover',
      goneMs: gone,
    });
    expect(last).toMatchObject({
      epoch: '9',
      from: 'b',
      to: 'a',
      cause: 'process_dead',
      why: null,
      goneMs: gone,
    });
  });

  test('the history keeps the last fifty', async () => {
    let [holder, epoch] = ['', '0'];
    for (let next = 1; next <= 53; next += 1) {
      await take(`e${next}`, [holder, epoch, epoch === '0' ? '0' : '1'], String(next), 'beat_stopped');
      [holder, epoch] = [`e${next}`, String(next)];
    }
    const rows = await leaders();
    expect(rows).toHaveLength(50);
    expect([rows[0]?.epoch, rows.at(-1)?.epoch]).toEqual(['53', '4']);
  });
});
