/** How old what a Sentinel says of a replica is, by the clock of who asked: a priority from before a joining does not count (I1). */
import { expect, it } from 'vitest';
import { readSight } from './sentinel-sight.ts';

const ASKED_AT_MS = 10_000;
const REPLICA = ['ip', '10.0.0.2', 'port', '1', 'flags', 'slave', 'slave-priority', '0'];

function infoAtMs(...age: string[]): number | undefined {
  const sight = readSight([['ip', '10.0.0.1', 'port', '1'], [[...REPLICA, ...age]], []], ASKED_AT_MS);
  return sight.is === 'seen' ? sight.replicas[0]?.infoAtMs : undefined;
}

it('is told by the age of its last INFO', () => {
  expect(infoAtMs('info-refresh', '250')).toBe(9750);
});

it.each([
  ['where it had no INFO yet', ['info-refresh', '0']],
  ['where its clock has gone back since', ['info-refresh', '-40']],
  ['where it does not tell', []],
])('is not known %s', (_, age) => {
  expect(infoAtMs(...age)).toBeUndefined();
});
