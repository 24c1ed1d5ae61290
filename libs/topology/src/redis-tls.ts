/**
 * TLS of a Redis node or a Sentinel: all or nothing, so that no password and no record travels in the clear by mistake.
 * Clients check the other end by its certificate and prove themselves by their user; Redis' own links (replication,
 * Sentinel) check that a certificate is signed by the same authority.
 */
import type { RedisTlsFiles } from '@holdfast/configuration';
import { quoted } from './quoted.ts';

/** The lines that say where it listens, and how. Throws when a path has a control character. */
export function portLines(port: number, tls: RedisTlsFiles | undefined): string[] {
  if (tls === undefined) return [`port ${port}`];
  return [
    'port 0',
    `tls-port ${port}`,
    `tls-ca-cert-file ${quoted('path of the certificates', tls.caFile)}`,
    `tls-cert-file ${quoted('path of the certificate', tls.certFile)}`,
    `tls-key-file ${quoted('path of the key', tls.keyFile)}`,
    'tls-auth-clients no',
    'tls-replication yes',
  ];
}
