/** Every function of libs/redis/functions, on the simulated Redis (Lua 5.3 in JavaScript) and on the real one (5.1). */
import { type Command, RedisError, type RedisNode, type RedisReply } from '@holdfast/ha-core';
import { accountKeys } from '@holdfast/redis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openAt, type RedisSide, SIDES } from './redis-side.ts';

describe.each(SIDES)('functions, %s', (_, start) => {
  let side: RedisSide;
  let node: RedisNode;
  let tests = 0;
  let account = '';
  beforeAll(async () => {
    side = await start();
    node = await openAt(side, 0);
  });
  afterAll(() => side.stop());
  beforeEach(() => {
    tests += 1;
    account = `account-${tests}`;
  });

  const run = (commands: readonly Command[]): Promise<RedisReply[]> => side.drive(node.run(commands, 2000));
  const call = async (
    name: string,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<RedisReply> => {
    const [reply] = await run([['FCALL', name, String(keys.length), ...keys, ...args]]);
    return reply ?? null;
  };
  const one = async (...command: Command): Promise<RedisReply> => (await run([command]))[0] ?? null;
  const keys = (): ReturnType<typeof accountKeys> => accountKeys(account);
  const AT = expect.stringMatching(/^\d{13}$/);
  const ENTRY = expect.stringMatching(/^\d{13}-\d+$/);

  const take = (
    holder: string,
    expected: readonly [string, string, string],
    epoch: string,
  ): Promise<RedisReply> => call('hf_take', [keys().lease], [holder, ...expected, epoch]);
  const accept = (id: string, digest: string, magic: string): Promise<RedisReply> =>
    call(
      'hf_accept',
      [keys().signal(magic), keys().rtss, keys().account],
      [id, digest, `{"id":"${id}"}`, magic, '60000', 'backend-1'],
    );
  const intend = (holder: string, epoch: string, magic: string, command: string): Promise<RedisReply> =>
    call(
      'hf_intend',
      [keys().lease, keys().signal(magic), keys().intents, keys().account],
      [holder, epoch, command, '{"i":1}', '{"state":"sent"}'],
    );
  const finish = (
    holder: string,
    epoch: string,
    magic: string,
    entry: string,
    how: {
      state?: string;
      intents?: string[];
      records?: [string, string][];
      changes?: [string, string, string][];
    } = {},
  ): Promise<RedisReply> => {
    const { rtss, rtrs, intents, recorded } = keys();
    return call(
      'hf_finish',
      [keys().lease, keys().signal(magic), rtss, rtrs, keys().account, intents, recorded],
      [
        holder,
        epoch,
        how.state ?? 'filled',
        `{"magic":"${magic}"}`,
        entry,
        '{"state":"filled"}',
        String(how.intents?.length ?? 0),
        ...(how.intents ?? []),
        String(how.records?.length ?? 0),
        ...(how.records ?? []).flat(),
        String(how.changes?.length ?? 0),
        ...(how.changes ?? []).flat(),
      ],
    );
  };
  const record = (
    holder: string,
    epoch: string,
    records: [string, string][],
    changes: [string, string, string][] = [],
  ): Promise<RedisReply> =>
    call(
      'hf_record',
      [keys().lease, keys().rtrs, keys().account, keys().recorded],
      [holder, epoch, String(records.length), ...records.flat(), String(changes.length), ...changes.flat()],
    );
  const numbers = async (): Promise<string[]> => {
    const entries = (await one('XRANGE', keys().rtrs, '-', '+')) as RedisReply[];
    return entries.map((entry) => String((entry as RedisReply[])[0]));
  };
  /** Offset of the primary. */
  const offset = async (): Promise<number> => Number(((await one('ROLE')) as RedisReply[])[1]);

  describe('leadership (I3)', () => {
    test('take: first, repeated by the winner, lost by the other, and only upwards', async () => {
      expect(await take('a', ['', '0', '0'], '1')).toEqual(['ok', '1']);
      expect(await take('a', ['', '0', '0'], '1')).toEqual(['ok', '1']);
      expect(await take('b', ['', '0', '0'], '1')).toEqual(['lost', 'a', '1', '2']);
      expect(await take('b', ['a', '1', '1'], '2')).toEqual(['lost', 'a', '1', '2']);
      expect(await take('b', ['a', '1', '2'], '1')).toEqual(['lost', 'a', '1', '2']);
      expect(await take('b', ['a', '1', '2'], '7')).toEqual(['ok', '7']);
      expect(await one('HMGET', keys().lease, 'holder', 'epoch', 'beat', 'successor')).toEqual([
        'b',
        '7',
        '1',
        '',
      ]);
    });

    test('beat and release: for the holder with its epoch alone', async () => {
      await take('a', ['', '0', '0'], '3');
      expect(await call('hf_beat', [keys().lease], ['a', '3'])).toEqual(['ok', '2']);
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
      expect(await take('a', ['', '0', '0'], '9007199254740991')).toEqual(['ok', '9007199254740991']);
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
    const again: (() => Promise<RedisReply>)[] = [
      () => accept('s1', 'd', '11'),
      () => accept('s1', 'other', '11'),
      () => accept('s9', 'd', '11'),
      () => take('a', ['', '0', '0'], '1'),
      () => take('b', ['', '0', '0'], '1'),
      () => intend('a', '1', '11', 's1:1'),
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
    await side.pause(30);
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
      await side.pause(10);
    }
    expect(Number(await one('HLEN', keys().alerts))).toBeLessThan(120);
  });

  test('a function that fails says so as an error reply and keeps what it had written', async () => {
    await run([['SET', `${account}-text`, 'x']]);
    const [failed] = await run([['FCALL', 'hf_mark', '1', `${account}-text`, 'reader', '1']]);
    expect(failed).toBeInstanceOf(RedisError);
    expect((failed as RedisError).code).toBe('WRONGTYPE');
    const [none] = await run([['FCALL', 'hf_none', '0']]);
    expect(String(none)).toContain('Function not found');
    const [keysMissing] = await run([['FCALL', 'hf_mark', '5', 'a']]);
    expect((keysMissing as RedisError).code).toBe('ERR');
  });

  test('above maxmemory: what accepts or opens is refused, what ends and leads is not', async () => {
    const [, , entry] = (await accept('s1', 'd', '11')) as string[];
    await take('a', ['', '0', '0'], '1');
    await run([['CONFIG', 'SET', 'maxmemory', '1']]);
    const code = (reply: RedisReply): string =>
      reply instanceof RedisError ? reply.code : String((reply as RedisReply[])[0]);
    const codes = [
      code(await accept('s2', 'd', '12')),
      code(await intend('a', '1', '11', 's1:1')),
      code(await call('hf_beat', [keys().lease], ['a', '1'])),
      code(await record('a', '1', [['deal:1', '{}']])),
      code(await finish('a', '1', '11', entry ?? '')),
      code(await call('hf_mark', [keys().marks], ['me', '1'])),
      code((await run([['SET', `${account}-x`, '1']]))[0] ?? null),
    ];
    await run([['CONFIG', 'SET', 'maxmemory', '0']]);
    expect(codes).toEqual(['OOM', 'OOM', 'ok', 'ok', 'ok', 'ok', 'OOM']);
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
