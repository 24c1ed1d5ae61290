/** Who presents what to Redis: the one password, a user of his own, or nothing. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadConfiguration } from './load.ts';
import { REDIS_USERS, redisAccess, redisSecrets } from './redis-access.ts';
import { changed, faultsOf, RIGHT } from './testing/right-configuration.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-access-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const USERS = `  users:\n${REDIS_USERS.map((user) => `    ${user}: { passwordFile: ${user}.secret }\n`).join('')}`;
const withUsers = changed('  wardens:\n', `${USERS}  wardens:\n`);

for (const name of [...REDIS_USERS, 'common'])
  writeFileSync(join(folder, `${name}.secret`), `password of ${name}\n`, { mode: 0o600 });

function load(text: string) {
  const file = join(folder, 'holdfast.yaml');
  writeFileSync(file, text);
  return loadConfiguration(file);
}

test('nothing is presented where nothing is asked for', () => {
  expect(redisAccess(load(RIGHT), 'engine')).toEqual({});
  expect(redisSecrets(load(RIGHT))).toEqual({});
});

test('without users everybody has the one password', () => {
  const one = load(changed('  wardens:\n', '  passwordFile: common.secret\n  wardens:\n'));
  expect(redisAccess(one, 'engine')).toEqual({ password: 'password of common' });
  expect(redisSecrets(one)).toEqual({ password: 'password of common' });
});

describe('with users', () => {
  test('each is one, with a password of its own', () => {
    const loaded = load(withUsers);
    expect(redisAccess(loaded, 'engine')).toEqual({
      username: 'holdfast-engine',
      password: 'password of engine',
    });
    const users = Object.fromEntries(REDIS_USERS.map((user) => [user, `password of ${user}`]));
    expect(redisSecrets(loaded)).toEqual({ users });
  });

  test('a file that others may read is refused by its field', () => {
    const loaded = load(withUsers);
    chmodSync(join(folder, 'sync.secret'), 0o644);
    expect(redisAccess(loaded, 'engine').username).toBe('holdfast-engine');
    expect(() => redisAccess(loaded, 'sync')).toThrow('redis.users.sync.passwordFile: the secret file');
    expect(() => redisSecrets(loaded)).toThrow('redis.users.sync.passwordFile');
    chmodSync(join(folder, 'sync.secret'), 0o600);
  });

  test('the common password has no place, nor has one file for two', () => {
    const both = withUsers.replace('  users:\n', '  passwordFile: common.secret\n  users:\n');
    expect(faultsOf(both).map(({ path, message }) => `${path} ${message}`)).toEqual([
      'redis.passwordFile stands beside redis.users, expected one of them: with users nobody has a common password',
    ]);
    const shared = withUsers.replace('sync.secret', 'engine.secret');
    expect(faultsOf(shared).map(({ path, message }) => `${path} ${message}`)).toEqual([
      'redis.users.sync.passwordFile the password file "engine.secret" stands at redis.users.engine.passwordFile already',
    ]);
  });
});

describe('with TLS', () => {
  const tls = '  tls: { caFile: ca.crt, certFile: node.crt, keyFile: /etc/redis/node.key }\n';
  const encrypted = changed('  wardens:\n', `${tls}  wardens:\n`);
  const authority = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

  test('clients get the certificates, Redis the paths', () => {
    writeFileSync(join(folder, 'ca.crt'), authority, { mode: 0o644 });
    expect(redisAccess(load(encrypted), 'sync')).toEqual({ tls: { ca: authority } });
    expect(redisSecrets(load(encrypted))).toEqual({
      tls: {
        caFile: join(folder, 'ca.crt'),
        certFile: join(folder, 'node.crt'),
        keyFile: '/etc/redis/node.key',
      },
    });
    const all = load(encrypted.replace('  tls:', `${USERS}  tls:`));
    expect(redisAccess(all, 'sync')).toMatchObject({ username: 'holdfast-sync', tls: { ca: authority } });
    expect(Object.keys(redisSecrets(all))).toEqual(['tls', 'users']);
  });

  test.each([
    ['is missing', undefined, 'does not exist'],
    ['is a key instead', '-----BEGIN PRIVATE KEY-----\nMIIB\n', 'holds no certificate, expected PEM'],
  ])('a file of certificates that %s is refused by its field', (_what, text, reason) => {
    rmSync(join(folder, 'ca.crt'), { force: true });
    if (text !== undefined) writeFileSync(join(folder, 'ca.crt'), text);
    expect(() => redisAccess(load(encrypted), 'engine')).toThrow(
      `redis.tls.caFile: the file ${join(folder, 'ca.crt')} ${reason}`,
    );
  });
});
