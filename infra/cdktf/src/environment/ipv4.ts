/** Addresses and networks of IPv4 as numbers, so that they can be compared. The schema has checked their form. */

export type Ipv4Network = { readonly first: number; readonly last: number };

/** An address as a number. */
export function ipv4Number(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** The first and the last address of a network in CIDR form, whatever bits stand behind its prefix. */
export function ipv4Network(cidr: string): Ipv4Network {
  const [address = '', bits = ''] = cidr.split('/');
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(ipv4Number(address) / size) * size;
  return { first, last: first + size - 1 };
}

export function isWithin(inner: Ipv4Network, outer: Ipv4Network): boolean {
  return inner.first >= outer.first && inner.last <= outer.last;
}

export function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}

/** Whether two listeners on one machine would take the same address: a wildcard takes all. */
export function overlaps(a: string, b: string): boolean {
  return a === b || a === '0.0.0.0' || b === '0.0.0.0';
}

/** Reached from its own machine only. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.');
}
