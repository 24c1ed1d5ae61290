/** Of whom a starting Redis node is a replica. It is never said by the node itself. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideStart, type GateNode, type GateQuestion, type SentinelWord, sentinelsBeside } from './gate.ts';

const hosts = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
const nodes = hosts.map((host, index): GateNode => ({ name: `redis-${index + 1}`, host, port: 6379 }));
const sentinels = hosts.map(
  (host, index): GateNode => ({ name: `sentinel-${index + 1}`, host, port: 26379 }),
);

/** What Sentinel `of` answers: the number of the node that it names, 9 for one that nobody knows. */
const word = (of: number, named: number, configEpoch = 1): SentinelWord => ({
  sentinel: `sentinel-${of}`,
  primary: nodes[named - 1] ?? { host: `10.0.0.${named}`, port: 6379 },
  configEpoch,
});

const start = (self: string, words: readonly SentinelWord[], more: Partial<GateQuestion> = {}) => {
  const decision = decideStart({ self, nodes, sentinels, words, ...more });
  return [decision.replicaOf?.name, decision.why];
};

describe('decideStart', () => {
  it('follows the node that most of the other Sentinels name', () => {
    expect(start('redis-1', [word(1, 1), word(2, 2), word(3, 2)])).toEqual([
      'redis-2',
      '2 of 2 other Sentinels name redis-2',
    ]);
    expect(start('redis-3', [word(1, 2)])).toEqual(['redis-2', '1 of 1 other Sentinels name redis-2']);
  });

  it('does not count the Sentinel beside it while others answer', () => {
    expect(start('redis-1', [word(1, 3), word(2, 2)])[0]).toBe('redis-2');
    expect(start('redis-1', [word(1, 3)])).toEqual([
      'redis-3',
      'only the Sentinel beside it answers, and names redis-3',
    ]);
  });

  it('takes the later word where as many name another node', () => {
    expect(start('redis-1', [word(2, 2, 4), word(3, 3, 5)])[0]).toBe('redis-3');
    expect(start('redis-1', [word(2, 2, 6), word(3, 3, 5)])[0]).toBe('redis-2');
    expect(start('redis-1', [word(2, 1, 4), word(3, 3, 5)])[0]).toBe('redis-3');
  });

  it('follows the next node when they name the node itself: that would be its own memory', () => {
    expect(start('redis-1', [word(2, 1), word(3, 1)])).toEqual([
      'redis-2',
      '2 of 2 other Sentinels name this node itself; follows the next node, redis-2',
    ]);
    expect(start('redis-3', [word(1, 3), word(2, 3)])[0]).toBe('redis-1');
  });

  it('follows the next node when nobody answers', () => {
    expect(start('redis-2', [])).toEqual(['redis-3', 'no Sentinel answers; follows the next node, redis-3']);
  });

  it('does not follow what the configuration does not know', () => {
    expect(start('redis-1', [word(2, 9), word(3, 9)])).toEqual([
      'redis-2',
      'the Sentinels name no node of the configuration (sentinel-2: 10.0.0.9:6379, sentinel-3: 10.0.0.9:6379); follows the next node, redis-2',
    ]);
    expect(start('redis-1', [word(2, 9), word(3, 3)])[0]).toBe('redis-3');
  });

  it('follows nobody where there is no other node', () => {
    expect(start('redis-1', [], { nodes: nodes.slice(0, 1), sentinels: [] })).toEqual([
      undefined,
      'there is no other node',
    ]);
  });

  it('never follows itself or a stranger, whatever is answered', () => {
    const words = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 9 }), fc.nat(3)),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), words, (self, answers) => {
        const [followed] = start(
          `redis-${self}`,
          answers.map((answer) => word(...answer)),
        );
        expect(followed).not.toBe(`redis-${self}`);
        expect(nodes.map(({ name }) => name)).toContain(followed);
      }),
    );
  });

  it('is asked about a node of the configuration only', () => {
    expect(() => start('redis-9', [])).toThrow('redis-9 is none of redis-1, redis-2, redis-3');
  });
});

describe('sentinelsBeside', () => {
  it('goes by the host, and by the place in the list where all are on one', () => {
    const moved = [...sentinels].reverse();
    expect([...sentinelsBeside('redis-1', nodes, moved)]).toEqual(['sentinel-1']);
    const local = (list: readonly GateNode[]) => list.map((one) => ({ ...one, host: '127.0.0.1' }));
    expect([...sentinelsBeside('redis-2', local(nodes), local(sentinels))]).toEqual(['sentinel-2']);
    expect([...sentinelsBeside('redis-3', local(nodes), local(sentinels.slice(0, 1)))]).toEqual([]);
  });
});
