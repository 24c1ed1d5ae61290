/**
 * A network that nothing on this machine has a route to yet. Two bridges of the same network would share a route, and the
 * kernel takes the first of them, even one whose engine is long gone: then no container is reached from the host.
 */
import { readFileSync } from 'node:fs';

/** The kernel's routes: a line each, numbers in hexadecimal, the lowest byte first. */
const ROUTES = '/proc/net/route';
/** The first two bytes of those that are tried, each with a third one. */
const PREFIX = '172.28';

type Route = { readonly network: number; readonly mask: number };

/** The first three bytes, such as `172.28.7`, of a network of 256 addresses that is free. */
export function freeSubnet(text = readFileSync(ROUTES, 'utf8')): string {
  const taken = routesIn(text);
  for (let third = 0; third <= 255; third += 1) {
    const candidate = `${PREFIX}.${third}`;
    if (!taken.some((route) => overlaps(route, candidate))) return candidate;
  }
  throw new Error(`every network in ${PREFIX}.0.0/16 has a route already`);
}

function routesIn(text: string): readonly Route[] {
  const rows = text.trim().split('\n').slice(1);
  return rows
    .map((row) => row.split(/\s+/))
    .map((fields) => ({ network: fromHex(fields[1] ?? ''), mask: fromHex(fields[7] ?? '') }))
    .filter(({ mask }) => mask !== 0);
}

/** Neither is narrower than both masks together. */
function overlaps({ network, mask }: Route, candidate: string): boolean {
  const [first = 0, second = 0, third = 0] = candidate.split('.').map(Number);
  const own = fromBytes([first, second, third, 0]);
  const both = (mask & fromBytes([255, 255, 255, 0])) >>> 0;
  return (network & both) >>> 0 === (own & both) >>> 0;
}

function fromHex(text: string): number {
  return fromBytes((text.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).reverse());
}

function fromBytes(bytes: readonly number[]): number {
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}
