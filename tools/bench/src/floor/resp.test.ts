/** The floor's own RESP: it must read every reply whole, however the socket cuts it. */
import { describe, expect, it } from 'vitest';
import { createReplyReader, encode, type Reply } from './resp.ts';

const REPLIES =
  '+OK\r\n:7\r\n$5\r\nh\u00e9llo'.replace('$5', '$6') +
  '\r\n$-1\r\n*2\r\n$1\r\na\r\n*1\r\n:1\r\n*-1\r\n-ERR no\r\n';
const EXPECTED: Reply[] = ['OK', 7, 'h\u00e9llo', null, ['a', [1]], null, new Error('ERR no')];

describe('createReplyReader', () => {
  it.each([1, 2, 3, 7, 1000])('reads replies from chunks of %i bytes', (size) => {
    const seen: Reply[] = [];
    const read = createReplyReader((reply) => seen.push(reply));
    const bytes = Buffer.from(REPLIES);
    for (let at = 0; at < bytes.length; at += size) read(bytes.subarray(at, at + size));
    expect(seen).toEqual(EXPECTED);
  });

  it('refuses what is no reply', () => {
    expect(() => createReplyReader(() => undefined)(Buffer.from('HTTP/1.1\r\n'))).toThrow('RESP2');
  });
});

describe('encode', () => {
  it('counts bytes, not characters', () => {
    expect(encode('SET', 'k', '\u00e9')).toBe('*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\n\u00e9\r\n');
  });
});
