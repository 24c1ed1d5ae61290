/** How a Redis node starts: holding, whatever anybody says. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideStart, type GateNode, type SentinelWord, sentinelsBeside } from './gate.ts';

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

const why = (self: string, words: readonly SentinelWord[]): string =>
  decideStart({ self, nodes, sentinels, words }).why;

describe('decideStart', () => {
  it('tells whom most of the other Sentinels name', () => {
    expect(why('redis-1', [word(1, 1), word(2, 2), word(3, 2)])).toBe('2 of 2 other Sentinels name redis-2');
    expect(why('redis-3', [word(1, 2)])).toBe('1 of 1 other Sentinels name redis-2');
    expect(why('redis-1', [word(2, 1), word(3, 1)])).toBe('2 of 2 other Sentinels name this node itself');
  });

  it('does not count the Sentinel beside it while others answer', () => {
    expect(why('redis-1', [word(1, 3), word(2, 2)])).toBe('1 of 1 other Sentinels name redis-2');
    expect(why('redis-1', [word(1, 3)])).toBe('only the Sentinel beside it answers, and names redis-3');
  });

  it('takes the later word where as many name another node', () => {
    expect(why('redis-1', [word(2, 2, 4), word(3, 3, 5)])).toMatch(/redis-3$/);
    expect(why('redis-1', [word(2, 2, 6), word(3, 3, 5)])).toMatch(/redis-2$/);
    expect(why('redis-1', [word(2, 1, 4), word(3, 3, 5)])).toMatch(/redis-3$/);
  });

  it('tells that nobody answers, and who is named that the configuration does not know', () => {
    expect(why('redis-2', [])).toBe('no Sentinel answers');
    expect(why('redis-1', [word(2, 9), word(3, 9)])).toBe(
      'the Sentinels name no node of the configuration (sentinel-2: 10.0.0.9:6379, sentinel-3: 10.0.0.9:6379)',
    );
    expect(why('redis-1', [word(2, 9), word(3, 3)])).toMatch(/redis-3$/);
  });

  it('lets a node be primary where there is no other', () => {
    const alone = { self: 'redis-1', nodes: nodes.slice(0, 1), sentinels: [], words: [] };
    expect(decideStart(alone)).toEqual({ replicaOf: undefined, why: 'there is no other node' });
  });

  it('makes it hold as a replica of itself, whatever is answered: nobody is followed before data was compared', () => {
    const words = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 9 }), fc.nat(3)),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), words, (self, answers) => {
        const question = {
          self: `redis-${self}`,
          nodes,
          sentinels,
          words: answers.map((one) => word(...one)),
        };
        expect(decideStart(question).replicaOf).toBe(nodes[self - 1]);
      }),
    );
  });

  it('is asked about a node of the configuration only', () => {
    expect(() => why('redis-9', [])).toThrow('redis-9 is none of redis-1, redis-2, redis-3');
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
