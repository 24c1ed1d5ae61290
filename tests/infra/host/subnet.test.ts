/** Whether a network is free is read off the kernel's routes. */
import { expect, it } from 'vitest';
import { freeSubnet } from './subnet.ts';

const HEAD = 'Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT';
const table = (...routes: (readonly [network: string, mask: string])[]): string =>
  [HEAD, ...routes.map(([network, mask]) => `link ${network} 00000000 0001 0 0 0 ${mask} 0 0 0`)].join('\n');

it.each([
  ['nothing but the way out', [['00000000', '00000000']], '172.28.0'],
  ['the first', [['00001CAC', '00FFFFFF']], '172.28.1'],
  ['a narrower part of the first', [['80001CAC', '80FFFFFF']], '172.28.1'],
  ['the first sixteen', [['00001CAC', '00F0FFFF']], '172.28.16'],
  ['the second', [['00011CAC', '00FFFFFF']], '172.28.0'],
] as const)('leaves out what has a route: %s', (_, routes, expected) => {
  expect(freeSubnet(table(...routes))).toBe(expected);
});

it('says so when every network is taken', () => {
  expect(() => freeSubnet(table(['000010AC', '0000F0FF']))).toThrow('every network in 172.28.0.0/16');
});
