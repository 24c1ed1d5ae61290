/** The functions of a signal from its acceptance to its records, on the simulated Redis and on the real one. */
import { type RedisReply } from '@holdfast/ha-core';
import { describe, expect, test } from 'vitest';
import { AT, ENTRY, useFunctions } from './function-calls.ts';
import { SIDES } from './redis-side.ts';

describe.each(SIDES)('functions of a signal, %s', (_, start) => {
  const { accept, call, finish, intend, keys, numbers, offset, one, record, take } = useFunctions(start);

  describe('accept (I2)', () => {
    test('stores once; the same again is a repeat, another body a conflict, another id a collision', async () => {
      expect(await accept('s1', 'digest', '11')).toEqual(['accepted', AT, ENTRY]);
      const [word, state, at, number] = (await accept('s1', 'digest', '11')) as string[];
      expect([word, state, number]).toEqual(['repeat', 'accepted', '']);
      expect(at).toMatch(/^\d{13}$/);
      expect(await accept('s1', 'other', '11')).toEqual(['conflict']);
      expect(await accept('s2', 'digest', '11')).toEqual(['collision', 's1']);
      const entries = (await one('XRANGE', keys().rtss, '-', '+')) as [string, string[]][];
      expect(entries).toHaveLength(1);
      expect(entries[0]?.[1]).toEqual([
        'id',
        's1',
        'magic',
        '11',
        'body',
        '{"id":"s1"}',
        'at',
        AT,
        'ttl',
        '60000',
      ]);
      const steps = JSON.parse(String(await one('HGET', keys().signal('11'), 'steps'))) as Record<
        string,
        unknown
      >;
      expect(steps).toEqual({ state: 'accepted', at: expect.any(Number), epoch: 0, by: 'backend-1' });
    });
  });

  test('a repeat, a conflict, a refusal: each writes, so that WAIT has an offset to wait for', async () => {
    const accepted = (await accept('s1', 'd', '11')) as string[];
    await take('a', ['', '0', '0'], '1');
    await intend('a', '1', '11', 's1:1');
    await finish('a', '1', '11', accepted[2] ?? '');
    await record('a', '1', [['deal:1', '{}']]);
    await accept('s2', 'd', '12');
    const again: (() => Promise<RedisReply>)[] = [
      () => accept('s1', 'd', '11'),
      () => accept('s1', 'other', '11'),
      () => accept('s9', 'd', '11'),
      () => take('a', ['', '0', '0'], '1'),
      () => take('b', ['', '0', '0'], '1'),
      () => intend('a', '1', '11', 's1:1'),
      () => intend('a', '1', '12', 's2:1', '1-1'),
      () => intend('b', '1', '11', 's1:1'),
      () => finish('a', '1', '11', accepted[2] ?? ''),
      () => finish('a', '1', '77', ''),
      () => record('a', '1', [['deal:1', '{}']]),
      () => call('hf_step', [keys().lease, keys().signal('11'), keys().account], ['a', '1', 'unknown', '{}']),
      () => call('hf_instance', [keys().lease, keys().instance], ['a', '1']),
      () => call('hf_mark', [keys().marks], ['reader', '1']),
      () => call('hf_alert', [keys().alerts], ['f', 's1', '60000']),
    ];
    for (const [index, repeat] of again.entries()) {
      const before = await offset();
      await repeat();
      expect(await offset(), `call ${index}`).toBeGreaterThan(before);
    }
  });

  describe('a signal to its end', () => {
    test('intend: once, then the same again; not without a signal, not after the result (I4)', async () => {
      const [, , entry] = (await accept('s1', 'd', '11')) as string[];
      await take('a', ['', '0', '0'], '1');
      expect(await intend('a', '1', '12', 's9:1')).toEqual(['missing']);
      expect(await intend('a', '1', '11', 's1:1')).toEqual(['ok']);
      expect(await intend('a', '1', '11', 's1:1')).toEqual(['ok']);
      expect(await one('HGETALL', keys().intents)).toEqual(['s1:1', '{"i":1}']);
      expect(await one('HGET', keys().signal('11'), 'state')).toBe('sent');
      const steps = String(await one('HGET', keys().signal('11'), 'steps')).split('\n');
      expect(steps).toHaveLength(2);
      await finish('a', '1', '11', entry ?? '', { intents: ['s1:1'] });
      expect(await intend('a', '1', '11', 's1:2')).toEqual(['finished', '1']);
      expect(await one('HLEN', keys().intents)).toBe(0);
    });

    test('finish: result, RTS, RTSS and number in one; the result stays as it is (I6, I8)', async () => {
      const [, , first] = (await accept('s1', 'd', '11')) as string[];
      const [, , second] = (await accept('s2', 'd', '12')) as string[];
      await take('a', ['', '0', '0'], '1');
      await intend('a', '1', '11', 's1:1');
      expect(
        await finish('a', '1', '11', first ?? '', {
          intents: ['s1:1'],
          records: [
            ['deal:7', '{"deal":7}'],
            ['order:8', '{"order":8}'],
          ],
          changes: [
            [keys().positions, '100', '{"p":1}'],
            [keys().orders, '8', ''],
          ],
        }),
      ).toEqual(['ok', '1']);
      expect(
        await finish('a', '1', '12', second ?? '', {
          records: [['deal:7', '{"deal":7}']],
          state: 'rejected',
        }),
      ).toEqual(['ok', '4']);
      expect(await finish('a', '1', '11', first ?? '', { state: 'rejected' })).toEqual(['repeat', '1']);
      expect(await numbers()).toEqual(['1-0', '2-0', '3-0', '4-0']);
      expect(await one('XRANGE', keys().rtrs, '1-0', '1-0')).toEqual([['1-0', ['record', '{"magic":"11"}']]]);
      expect(await one('XLEN', keys().rtss)).toBe(0);
      expect(await one('HGETALL', keys().positions)).toEqual(['100', '{"p":1}']);
      expect(await one('HLEN', keys().intents)).toBe(0);
      expect(await one('HMGET', keys().signal('11'), 'state', 'number', 'body', 'entry')).toEqual([
        'filled',
        '1',
        null,
        null,
      ]);
      expect(await one('HGET', keys().account, 'number')).toBe('4');
      const [word, state, , number] = (await accept('s1', 'd', '11')) as string[];
      expect([word, state, number]).toEqual(['repeat', 'filled', '1']);
    });

    test('a finished signal leaves no second entry behind, whoever meets it (I2)', async () => {
      const [, , entry] = (await accept('s1', 'd', '11')) as string[];
      await take('a', ['', '0', '0'], '1');
      const again = async (): Promise<string> =>
        String(await one('XADD', keys().rtss, '*', 'id', 's1', 'magic', '11'));
      const met = await again();
      const seen = await again();
      await finish('a', '1', '11', entry ?? '');
      expect(await one('XLEN', keys().rtss)).toBe(2);
      expect(await intend('a', '1', '11', 's1:1', met)).toEqual(['finished', '1']);
      expect(await finish('a', '1', '11', seen)).toEqual(['repeat', '1']);
      expect(await one('XLEN', keys().rtss)).toBe(0);
    });

    test('finish by an entry that was read on an older primary leaves no second entry behind (I2)', async () => {
      await accept('s1', 'd', '11');
      await take('a', ['', '0', '0'], '1');
      expect(await finish('a', '1', '11', '1-1')).toEqual(['ok', '1']);
      expect(await one('XLEN', keys().rtss)).toBe(0);
    });

    test('an entry that was read for one signal and is another one by now stays (I1)', async () => {
      const [, , first] = (await accept('s1', 'd', '11')) as string[];
      const [, , second] = (await accept('s2', 'd', '12')) as string[];
      await take('a', ['', '0', '0'], '1');
      await intend('a', '1', '11', 's1:1', first);
      expect(await finish('a', '1', '11', second ?? '', { intents: ['s1:1'] })).toEqual(['ok', '1']);
      expect(await finish('a', '1', '11', second ?? '')).toEqual(['repeat', '1']);
      expect(await intend('a', '1', '11', 's1:2', second)).toEqual(['finished', '1']);
      const left = (await one('XRANGE', keys().rtss, '-', '+')) as [string, string[]][];
      expect(left.map(([entry, [, id]]) => [entry, id])).toEqual([[second, 's2']]);
      await intend('a', '1', '12', 's2:1', second);
      await finish('a', '1', '12', second ?? '');
      expect(await one('XLEN', keys().rtss)).toBe(0);
    });

    test('nothing is sent for an entry that the signal does not have: its body may be another (I2)', async () => {
      await accept('s1', 'd', '11');
      await take('a', ['', '0', '0'], '1');
      expect(await intend('a', '1', '11', 's1:1', '1-1')).toEqual(['missing']);
      expect(await one('HLEN', keys().intents)).toBe(0);
      expect(await one('HGET', keys().signal('11'), 'state')).toBe('accepted');
      expect(await intend('a', '1', '11', 's1:1')).toEqual(['ok']);
    });

    test('finish of a signal that was never accepted is missing', async () => {
      await take('a', ['', '0', '0'], '1');
      expect(await finish('a', '1', '99', '1-0')).toEqual(['missing']);
      expect(await numbers()).toEqual([]);
    });

    test('step: a state before the end; not after it, not without a signal', async () => {
      const [, , entry] = (await accept('s1', 'd', '11')) as string[];
      await take('a', ['', '0', '0'], '1');
      const step = (magic: string): Promise<RedisReply> =>
        call(
          'hf_step',
          [keys().lease, keys().signal(magic), keys().account],
          ['a', '1', 'unknown', '{"state":"unknown"}'],
        );
      expect(await step('11')).toEqual(['ok']);
      expect(await one('HGET', keys().signal('11'), 'state')).toBe('unknown');
      expect(await step('12')).toEqual(['missing']);
      await finish('a', '1', '11', entry ?? '');
      expect(await step('11')).toEqual(['finished', '1']);
      expect(await one('HGET', keys().signal('11'), 'state')).toBe('filled');
    });
  });

  test('record: each name once, numbered without gaps, with changes of RTS (I8)', async () => {
    await take('a', ['', '0', '0'], '1');
    expect(await record('a', '1', [])).toEqual(['ok', '0', 0]);
    expect(
      await record('a', '1', [
        ['deal:1', '{"d":1}'],
        ['deal:2', '{"d":2}'],
        ['deal:1', '{"d":1}'],
      ]),
    ).toEqual(['ok', '2', 2]);
    expect(
      await record(
        'a',
        '1',
        [
          ['deal:2', '{"d":2}'],
          ['deal:3', '{"d":3}'],
        ],
        [
          [keys().positions, '5', '{"v":1}'],
          [keys().account, 'dealsUntil', '17'],
        ],
      ),
    ).toEqual(['ok', '3', 1]);
    expect(await numbers()).toEqual(['1-0', '2-0', '3-0']);
    expect(await record('a', '1', [], [[keys().positions, '5', '']])).toEqual(['ok', '3', 0]);
    expect(await one('HLEN', keys().positions)).toBe(0);
    expect(await one('HGET', keys().account, 'dealsUntil')).toBe('17');
  });
});
