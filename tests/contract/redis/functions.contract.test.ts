/** Functions of leadership, RIS and alerts, and what holds for each of them: on the simulated Redis (Lua 5.3 in JavaScript) and on the real one (5.1). */
import { type Command, RedisError, type RedisReply } from '@holdfast/ha-core';
import { describe, expect, test } from 'vitest';
import { AT, useFunctions } from './function-calls.ts';
import { SIDES } from './redis-side.ts';

describe.each(SIDES)('functions, %s', (_, start) => {
  const { accept, account, call, finish, intend, keys, one, pause, record, run, take } = useFunctions(start);

  describe('leadership (I3)', () => {
    test('take: first, repeated by the winner, lost by the other, and only upwards', async () => {
      expect(await take('a', ['', '0', '0'], '1')).toEqual(['ok', '1', '', '']);
      expect(await take('a', ['', '0', '0'], '1')).toEqual(['ok', '1', '', '']);
      expect(await take('b', ['', '0', '0'], '1')).toEqual(['lost', 'a', '1', '2']);
      expect(await take('b', ['a', '1', '1'], '2')).toEqual(['lost', 'a', '1', '2']);
      expect(await take('b', ['a', '1', '2'], '1')).toEqual(['lost', 'a', '1', '2']);
      expect(await take('b', ['a', '1', '2'], '7')).toEqual(['ok', '7', '', '']);
      expect(await one('HMGET', keys().lease, 'holder', 'epoch', 'beat', 'successor')).toEqual([
        'b',
        '7',
        '1',
        '',
      ]);
    });

    test('beat and release: for the holder with its epoch alone', async () => {
      await take('a', ['', '0', '0'], '3');
      expect(await call('hf_beat', [keys().lease], ['a', '3'])).toEqual(['ok', '2', '', '']);
      expect(await call('hf_beat', [keys().lease], ['a', '2'])).toEqual(['stale', 'a', '3']);
      expect(await call('hf_beat', [keys().lease], ['b', '3'])).toEqual(['stale', 'a', '3']);
      expect(await call('hf_release', [keys().lease], ['b', '3', ''])).toEqual(['stale', 'a', '3']);
      expect(await call('hf_release', [keys().lease], ['a', '3', 'b'])).toEqual(['ok']);
      expect(await call('hf_beat', [keys().lease], ['a', '3'])).toEqual(['stale', '', '3']);
      expect(await one('HMGET', keys().lease, 'holder', 'epoch', 'beat', 'successor')).toEqual([
        '',
        '3',
        '3',
        'b',
      ]);
    });

    test('an epoch beyond 32 bits stays exact', async () => {
      expect(await take('a', ['', '0', '0'], '9007199254740991')).toEqual(['ok', '9007199254740991', '', '']);
      expect(await take('b', ['a', '9007199254740991', '1'], '9007199254740990')).toEqual([
        'lost',
        'a',
        '9007199254740991',
        '1',
      ]);
    });

    test('every write of an engine refuses who does not lead, and changes nothing but the count of refusals', async () => {
      const accepted = (await accept('s1', 'd1', '11')) as string[];
      await take('a', ['', '0', '0'], '5');
      const stale = ['stale', 'a', '5'];
      for (const [holder, epoch] of [
        ['b', '5'],
        ['a', '4'],
        ['a', '6'],
      ] as const) {
        expect(await intend(holder, epoch, '11', 's1:1')).toEqual(stale);
        expect(await finish(holder, epoch, '11', accepted[2] ?? '')).toEqual(stale);
        expect(await record(holder, epoch, [['deal:1', '{}']])).toEqual(stale);
        expect(
          await call(
            'hf_step',
            [keys().lease, keys().signal('11'), keys().account],
            [holder, epoch, 'unknown', '{}'],
          ),
        ).toEqual(stale);
        expect(
          await call('hf_instance', [keys().lease, keys().instance], [holder, epoch, 'role', '{}']),
        ).toEqual(stale);
      }
      expect(await one('HLEN', keys().intents)).toBe(0);
      expect(await one('XLEN', keys().rtrs)).toBe(0);
      expect(await one('XLEN', keys().rtss)).toBe(1);
      expect(await one('HGET', keys().signal('11'), 'state')).toBe('accepted');
      expect(await one('HGET', keys().lease, 'refused')).toBe('15');
    });
  });

  test('instance: fields are set and removed', async () => {
    await take('a', ['', '0', '0'], '1');
    const put = (...fields: string[]): Promise<RedisReply> =>
      call('hf_instance', [keys().lease, keys().instance], ['a', '1', ...fields]);
    expect(await put('role', '{"t":1}', 'terminal-1', '{}')).toEqual(['ok']);
    expect(await put('terminal-1', '')).toEqual(['ok']);
    expect(await one('HMGET', keys().instance, 'role', 'terminal-1', 'writes')).toEqual([
      '{"t":1}',
      null,
      '2',
    ]);
  });

  test('alert: the first of a window names the id, a repeat gets it back and is counted', async () => {
    const alert = (fingerprint: string, id: string, windowMs = '60000'): Promise<RedisReply> =>
      call('hf_alert', [keys().alerts], [fingerprint, id, windowMs]);
    expect(await alert('f1', 's1')).toEqual(['first', 's1', AT]);
    expect(await alert('f1', 's2')).toEqual(['held_back', 's1', AT, '2']);
    expect(await alert('f1', 's3')).toEqual(['held_back', 's1', AT, '3']);
    expect(await alert('f2', 's4')).toEqual(['first', 's4', AT]);
    await pause(30);
    expect(await alert('f1', 's5', '1')).toEqual(['first', 's5', AT]);
  });

  test('alert: what is out of its window is swept, so the hash stays bounded', async () => {
    for (let i = 0; i < 300; i += 60) {
      await run(
        Array.from(
          { length: 60 },
          (_none, n): Command => ['FCALL', 'hf_alert', '1', keys().alerts, `f${i + n}`, 's', '1'],
        ),
      );
      await pause(10);
    }
    expect(Number(await one('HLEN', keys().alerts))).toBeLessThan(120);
  });

  test('a function that fails says so as an error reply and keeps what it had written', async () => {
    await run([['SET', `${account()}-text`, 'x']]);
    const [failed] = await run([['FCALL', 'hf_mark', '1', `${account()}-text`, 'reader', '1']]);
    expect(failed).toBeInstanceOf(RedisError);
    expect((failed as RedisError).code).toBe('WRONGTYPE');
    const [none] = await run([['FCALL', 'hf_none', '0']]);
    expect(String(none)).toContain('Function not found');
    const [keysMissing] = await run([['FCALL', 'hf_mark', '5', 'a']]);
    expect((keysMissing as RedisError).code).toBe('ERR');
  });

  test('above maxmemory: what accepts is refused; what carries on, ends and leads is not', async () => {
    const [, , entry] = (await accept('s1', 'd', '11')) as string[];
    await take('a', ['', '0', '0'], '1');
    await run([['CONFIG', 'SET', 'maxmemory', '1']]);
    const code = (reply: RedisReply): string =>
      reply instanceof RedisError ? reply.code : String((reply as RedisReply[])[0]);
    const codes = [
      code(await accept('s2', 'd', '12')),
      code(await call('hf_known', [keys().signal('12'), keys().account], ['s2', 'd'])),
      code(await call('hf_known', [keys().signal('11'), keys().account], ['s1', 'd'])),
      code(await call('hf_known', [keys().signal('11'), keys().account], ['s1', 'other'])),
      code(await intend('a', '1', '11', 's1:1')),
      code(await call('hf_beat', [keys().lease], ['a', '1'])),
      code(await record('a', '1', [['deal:1', '{}']])),
      code(await finish('a', '1', '11', entry ?? '')),
      code(await call('hf_mark', [keys().marks], ['me', '1'])),
      code((await run([['SET', `${account()}-x`, '1']]))[0] ?? null),
    ];
    await run([['CONFIG', 'SET', 'maxmemory', '0']]);
    expect(codes).toEqual(['OOM', 'never', 'repeat', 'conflict', 'ok', 'ok', 'ok', 'ok', 'ok', 'OOM']);
  });

  test('the library is loaded once and found by its text; a broken one is refused', async () => {
    const [listed] = await run([['FUNCTION', 'LIST', 'LIBRARYNAME', 'holdfast']]);
    expect(JSON.stringify(listed)).toContain('hf_accept');
    const replies = await run([
      ['FUNCTION', 'LOAD', '#!lua name=broken\nreturn nothing('],
      ['FUNCTION', 'LOAD', 'return 1'],
      ['FUNCTION', 'LIST', 'LIBRARYNAME', 'nothing'],
    ]);
    expect(replies.slice(0, 2).every((reply) => reply instanceof RedisError)).toBe(true);
    expect(replies[2]).toEqual([]);
  });
});
