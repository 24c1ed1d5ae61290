/** The Lua of the simulated Redis: numbers, replies and errors as the real one has them. */
import { RedisError, type RedisReply } from '@holdfast/ha-core';
import { expect, test } from 'vitest';
import { loadLibrary } from './lua-library.ts';

const run = (
  body: string,
  args: string[] = [],
  call: (command: readonly string[]) => RedisReply = () => null,
): RedisReply =>
  loadLibrary(`#!lua name=probe\nredis.register_function('probe', function(keys, argv) ${body} end)`).run(
    'probe',
    ['key'],
    args,
    call,
  );

test('numbers are doubles, as in the Lua of Redis: no wrapping at 32 bits, no .0', () => {
  expect(run("return string.format('%.0f', tonumber(argv[1]) * 1000)", ['1767571200'])).toBe('1767571200000');
  expect(run('return tostring(tonumber(argv[1]))', ['3'])).toBe('3');
  expect(run("return '' .. tonumber(argv[1]) / 2", ['3'])).toBe('1.5');
  expect(run('return tonumber(argv[1])', ['9007199254740991'])).toBe(9007199254740991);
  expect(run('return tonumber(argv[1])', ['2.9'])).toBe(2);
  expect(run('return tostring(tonumber(argv[1]))', ['text'])).toBe('nil');
});

test('replies are converted both ways', () => {
  expect(run("return { 1, 'two', { 3 }, false, nil, 6 }")).toEqual([1, 'two', [3], null]);
  expect(run('return true')).toBe(1);
  expect(run('return nil')).toBeNull();
  expect(run("return { ok = 'FINE' }")).toBe('FINE');
  expect(run("return { err = 'CODE text' }")).toBeInstanceOf(RedisError);
  expect(
    run("local v = redis.call('x') return { type(v[1]), type(v[2]), v[3] }", [], () => [1, null, 'c']),
  ).toEqual(['number', 'boolean', 'c']);
});

test('an error reply ends the function, unless it is asked for with pcall', () => {
  const failing = (): RedisReply => new RedisError('WRONGTYPE no');
  expect(run("redis.call('x') return 'went on'", [], failing)).toMatchObject({ code: 'WRONGTYPE' });
  expect(run("local r = redis.pcall('x') return r.err", [], failing)).toBe('WRONGTYPE no');
  expect(run('return nothing.at.all')).toBeInstanceOf(RedisError);
});

test('a library is refused without a name, with an error, or without functions; it is compiled once', () => {
  expect(() => loadLibrary('return 1')).toThrow(/metadata/);
  expect(() => loadLibrary('#!lua name=a\nreturn (')).toThrow(/compiling/);
  expect(() => loadLibrary('#!lua name=a\nlocal x = 1')).toThrow(/No functions/);
  const source = "#!lua name=b\nredis.register_function('f', function() return 1 end)";
  expect(loadLibrary(source)).toBe(loadLibrary(source));
});
