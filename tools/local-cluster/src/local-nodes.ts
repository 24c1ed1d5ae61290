/** What of a configuration runs on this machine: its nodes, and the addresses that they take. */
import type { Configuration } from '@holdfast/configuration';
import { type ListeningPoint, listeningPoints, type NodeOutline, nodeOutlines } from '@holdfast/topology';

/** The nodes of the local cluster. */
export function localNodes(values: Configuration): readonly NodeOutline[] {
  return nodeOutlines(values, { embeddedClickHouse: isClickHouseEmbedded(values) });
}

/** The addresses of the local cluster. */
export function localPoints(values: Configuration): readonly ListeningPoint[] {
  return listeningPoints(values, { embeddedClickHouse: isClickHouseEmbedded(values) });
}

/** Whether the cluster brings its own ClickHouse: plain HTTP on loopback means yes, any other URL names a real server. */
export function isClickHouseEmbedded({ clickhouse }: Configuration): boolean {
  const { protocol, hostname } = new URL(clickhouse.url);
  return protocol === 'http:' && (hostname === '127.0.0.1' || hostname === 'localhost');
}
