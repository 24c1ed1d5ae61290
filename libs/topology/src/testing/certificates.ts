/** For the tests: an authority of their own, and a certificate that it signed for an address; made by openssl, two days valid. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RedisTlsFiles } from '@holdfast/configuration';

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** Makes both in `folder`, which it creates. Throws when openssl is not there or refuses. */
export function makeCertificates(folder: string, address: string): RedisTlsFiles {
  mkdirSync(folder, { recursive: true });
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
  const authority = ['-keyout', at('ca.key'), '-out', at('ca.crt'), '-subj', '/CN=authority of a test'];
  openssl('req', '-x509', ...NEW_KEY, ...authority, '-days', '2');
  openssl(
    'req',
    ...NEW_KEY,
    '-keyout',
    at('node.key'),
    '-out',
    at('node.csr'),
    '-subj',
    '/CN=redis of a test',
  );
  writeFileSync(at('names'), `subjectAltName=IP:${address}\n`);
  const signed = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at('names')];
  openssl('x509', '-req', '-in', at('node.csr'), ...signed, '-out', at('node.crt'), '-days', '2');
  return { caFile: at('ca.crt'), certFile: at('node.crt'), keyFile: at('node.key') };
}
