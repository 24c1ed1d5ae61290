/** TLS on a real Redis and a real Sentinel: who is let in, who is not, and in which words. sentinel-failover.test.ts fails over with it. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Endpoint, NodeUnavailable, profile, type RedisNodes } from '@holdfast/ha-core';
import { createRedisNodes, parseRole } from '@holdfast/redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisConf } from './redis-conf.ts';
import { sentinelConf } from './sentinel-conf.ts';
import { makeCertificates } from './testing/certificates.ts';
import { demoConfiguration } from './testing/configuration.ts';
import { ask, type RealTrio, startTrio, trioFolder } from './testing/real-trio.ts';

const password = 'the one password';
const at = (ca: string): RedisNodes => createRedisNodes({ password, tls: { ca } });

let trio: RealTrio;
let ca: string;
let otherCa: string;
let listening: readonly Endpoint[];
beforeAll(async () => {
  const folder = trioFolder();
  const tls = makeCertificates(join(folder, 'certificates'), '127.0.0.1');
  ca = readFileSync(tls.caFile, 'utf8');
  otherCa = readFileSync(makeCertificates(join(folder, 'others'), '127.0.0.1').caFile, 'utf8');
  trio = await startTrio({ folder, redis: at(ca), secrets: { password, tls } });
  listening = [...trio.endpoints, ...trio.sentinels];
});
afterAll(() => trio.stop());

/** Why there is no answer to a PING. */
async function refusal(redis: RedisNodes, endpoint: Endpoint): Promise<string> {
  try {
    return `it answered ${String(await ask(redis, endpoint, ['PING']))}`;
  } catch (error) {
    if (error instanceof NodeUnavailable) return error.message;
    throw error;
  }
}

describe('over TLS', () => {
  it('nodes and Sentinels answer, and replicas follow', async () => {
    for (const endpoint of listening) expect(await ask(at(ca), endpoint, ['PING'])).toBe('PONG');
    const [, replica] = trio.endpoints as [Endpoint, Endpoint];
    expect(parseRole(await ask(at(ca), replica, ['ROLE']))).toMatchObject({
      is: 'replica',
      link: 'connected',
    });
  });

  it('a plain client is refused, and nothing is told to it', async () => {
    for (const endpoint of listening) {
      expect(await refusal(createRedisNodes({ password }), endpoint)).toContain(`${endpoint.port}: `);
      expect(await said(endpoint, `AUTH ${password}\r\nPING\r\n`)).not.toMatch(/PONG|OK|NOAUTH|WRONGPASS/);
    }
  });

  it('a certificate of another authority is refused in words', async () => {
    for (const endpoint of listening) {
      expect(await refusal(at(otherCa), endpoint)).toMatch(
        new RegExp(`^127.0.0.1:${endpoint.port}: its certificate is refused \\([A-Z_]+\\): .+`),
      );
    }
  });

  it('a certificate for another address is refused in words', async () => {
    const [{ port }] = trio.endpoints as [Endpoint];
    expect(await refusal(at(ca), { host: 'localhost', port })).toContain(
      `localhost:${port}: its certificate is refused (ERR_TLS_CERT_ALTNAME_INVALID)`,
    );
  });

  it('the password is asked for all the same', async () => {
    for (const endpoint of listening) {
      const without = createRedisNodes({ tls: { ca } });
      expect(String(await ask(without, endpoint, ['PING']))).toContain('NOAUTH');
    }
  });
});

describe('the texts', () => {
  const { redis } = demoConfiguration();
  const node = { host: '127.0.0.1', port: 7001 };
  const tls = { caFile: '/tls/ca "1".crt', certFile: '/tls/node.crt', keyFile: '/tls/node.key' };
  const options = { node, folder: '/state', redis, numbers: profile('fast'), tls };

  it('open no port in the clear', () => {
    for (const text of [redisConf(options), sentinelConf({ ...options, primary: node })]) {
      expect(text).toContain('\nport 0\ntls-port 7001\n');
      expect(text).toContain('\ntls-ca-cert-file "/tls/ca \\"1\\".crt"\n');
      expect(text).toContain('\ntls-replication yes\n');
    }
  });
});

/** What comes back for bytes in the clear, until the other end closes or says nothing for a while. */
function said(endpoint: Endpoint, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(endpoint);
    let text = '';
    socket.setTimeout(500, () => socket.destroy());
    socket.on('connect', () => socket.write(bytes));
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}
