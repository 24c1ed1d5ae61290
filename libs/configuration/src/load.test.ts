/** Loading: what a right file becomes, how wrong ones are answered as a whole, what is no configuration file at all. */
import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ConfigurationError } from './configuration-error.ts';
import { loadConfiguration, parseConfiguration } from './load.ts';
import { changed, faultsOf, RIGHT, WARDENS } from './testing/right-configuration.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-configuration-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a right configuration', () => {
  test('is loaded with its defaults, its folder and absolute paths', () => {
    const file = join(folder, 'holdfast.yaml');
    writeFileSync(file, RIGHT);
    const loaded = loadConfiguration(file);
    expect(loaded.file).toBe(file);
    expect(loaded.folder).toBe(folder);
    expect(loaded.path('secrets/api.key')).toBe(join(folder, 'secrets/api.key'));
    expect(loaded.path('/etc/holdfast/api.key')).toBe('/etc/holdfast/api.key');
    expect(loaded.values.profile).toBe('fast');
    expect(loaded.values.redis.primaryName).toBe('mymaster');
    expect(loaded.values.log.level).toBe('info');
    expect(loaded.values.webhooks[0]?.wholeStops).toBe('refuse');
  });

  test('cannot be changed, at any depth', () => {
    const values = parseConfiguration('holdfast.yaml', RIGHT);
    expect(() => Object.assign(values, { cluster: 'other' })).toThrow(TypeError);
    expect(() => Object.assign(values.redis.nodes[0] ?? {}, { port: 1 })).toThrow(TypeError);
    expect(() => (values.accounts[0]?.symbols ?? []).push('XAUUSD')).toThrow(TypeError);
  });

  test('may use an anchor', () => {
    const text = changed('symbols: [EURUSD, GBPUSD]', 'symbols: &symbols [EURUSD]').replace(
      'webhooks:\n',
      '  - { account: two, margin: netting, bridgeSecretFile: b, terminals: [{ name: t, role: primary }], symbols: *symbols }\nwebhooks:\n',
    );
    expect(parseConfiguration('holdfast.yaml', text).accounts[1]?.symbols).toEqual(['EURUSD']);
  });

  test('may have one Redis node, no Sentinel and no warden', () => {
    const text = changed('    - { name: redis-2, host: 127.0.0.1, port: 7002 }\n', '')
      .replace('sentinels:\n    - { name: sentinel-1, host: 127.0.0.1, port: 7011 }', 'sentinels: []')
      .replace(WARDENS, '');
    expect(faultsOf(text)).toEqual([]);
    expect(parseConfiguration('holdfast.yaml', text).redis.wardens).toEqual([]);
  });
});

test('every wrong field is named in one message, with the file', () => {
  const text = changed('cluster: demo', 'cluster: Demo')
    .replace('port: 7201', 'port: x')
    .replace('role: backup', 'role: main');
  expect(() => parseConfiguration('/etc/holdfast.yaml', text)).toThrow(
    [
      '/etc/holdfast.yaml cannot be used:',
      '  line 1, cluster: found "Demo", expected a name: 1 to 32 lower case letters, digits and dashes, the first a letter',
      '  line 17, backends[0].listen.port: found "x", expected a number',
      '  line 28, accounts[0].terminals[1].role: found "main", expected one of: primary, backup',
    ].join('\n'),
  );
});

test('a value that may be a secret is never shown', () => {
  const all = [
    changed('clusterSecretFile: secrets/cluster', 'clusterSecretFile: 271828'),
    changed(
      'clusterSecretFile: secrets/cluster',
      'clusterSecretFile: secrets/cluster\nclusterSecret: 271828',
    ),
    changed('keyFile: secrets/api.key', 'keyFile: [271828]'),
    changed('"http://127.0.0.1:8123"', '"//user:271828@host"'),
    changed('http://127', 'http://default:271828@127'),
  ].map(faultsOf);
  for (const faults of all) {
    expect(faults.length).toBeGreaterThan(0);
    expect(JSON.stringify(faults)).not.toContain('271828');
  }
});

test('a message of countless faults is cut, the faults are all there', () => {
  const keys = Array.from({ length: 300 }, (_, index) => `unknown${index}: 1`).join('\n');
  expect(faultsOf(`${RIGHT}${keys}\n`)).toHaveLength(300);
  expect(() => parseConfiguration('holdfast.yaml', `${RIGHT}${keys}\n`)).toThrow('and 250 more');
});

describe('a file that is no configuration', () => {
  const cases: readonly (readonly [string, (file: string) => void, string])[] = [
    ['missing', () => undefined, 'the file does not exist'],
    ['a folder', (file) => mkdirSync(file), 'the file is a folder, expected a file'],
    [
      'below a file',
      (file) => writeFileSync(file, ''),
      'the file does not exist: a part of the path is not a folder',
    ],
    [
      'a circle of links',
      (file) => symlinkSync(file, file),
      'the file is a symbolic link that leads in a circle',
    ],
    [
      'too large',
      (file) => writeFileSync(file, '#'.repeat(1024 * 1024 + 1)),
      'the file is larger than 1048576 bytes',
    ],
    [
      'not UTF-8',
      (file) => writeFileSync(file, Buffer.from([0x61, 0xff, 0xfe])),
      'the file is not UTF-8 text',
    ],
    ['empty', (file) => writeFileSync(file, ''), 'the file is empty'],
    ['nothing but a comment', (file) => writeFileSync(file, '# later\n'), 'the file is empty'],
    ['a list', (file) => writeFileSync(file, '- cluster: demo\n'), 'found a list of 1, expected a mapping'],
    ['plain text', (file) => writeFileSync(file, 'hello\n'), 'found "hello", expected a mapping'],
  ];

  test.each(cases)('%s: refused with its path', (what, make, message) => {
    const file = join(folder, `no-${what.replaceAll(' ', '-')}.yaml`);
    make(file);
    const asked = what === 'below a file' ? join(file, 'holdfast.yaml') : file;
    expect(() => loadConfiguration(asked)).toThrow(ConfigurationError);
    expect(() => loadConfiguration(asked)).toThrow(`${asked} cannot be used:\n  ${message}`);
  });
});
