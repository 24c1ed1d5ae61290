/** Every way a single field can be wrong is a row. */
import { expect, test } from 'vitest';
import { changed, faultsOf } from './testing/right-configuration.ts';

/** What is wrong; what is replaced in the right file, by what; path, line and words of the answer. */
type Row = readonly [string, string, string, string, number | undefined, string];

const ROWS: readonly Row[] = [
  [
    'a word that is not in the list',
    'cluster: demo',
    'cluster: demo\nprofile: fats',
    'profile',
    2,
    'found "fats", expected one of: fast, seed',
  ],
  ['a name in upper case', 'cluster: demo', 'cluster: Demo', 'cluster', 1, 'found "Demo", expected a name'],
  ['a number for a name', 'cluster: demo', 'cluster: 7', 'cluster', 1, 'found 7, expected text'],
  [
    'a missing field',
    'clusterSecretFile: secrets/cluster\n',
    '',
    'clusterSecretFile',
    undefined,
    'missing, expected text',
  ],
  [
    'a missing field in a list',
    ', role: backup',
    '',
    'accounts[0].terminals[1].role',
    28,
    'missing, expected one of: primary, backup',
  ],
  [
    'an unknown key',
    '  sentinels:',
    '  maxMemory: 5\n  sentinels:',
    'redis.maxMemory',
    6,
    'unknown key, expected one of: nodes, sentinels, wardens, primaryName',
  ],
  [
    'an unknown key at the top',
    'cluster: demo',
    'clusters: x\ncluster: demo',
    'clusters',
    1,
    'unknown key, expected one of: cluster, profile',
  ],
  [
    'a secret instead of its file',
    'clusterSecretFile: secrets/cluster',
    'clusterSecretFile: secrets/cluster\nclusterSecret: hunter2',
    'clusterSecret',
    22,
    'unknown key',
  ],
  ['a merge key', 'cluster: demo', '<<: { profile: seed }\ncluster: demo', '["<<"]', 1, 'unknown key'],
  [
    'a port as text',
    'port: 7201',
    'port: "7201"',
    'backends[0].listen.port',
    17,
    'found "7201", expected a number',
  ],
  [
    'a port too high',
    'port: 7201',
    'port: 70000',
    'backends[0].listen.port',
    17,
    'found 70000, expected at most 65535',
  ],
  ['a port of zero', 'port: 7201', 'port: 0', 'backends[0].listen.port', 17, 'found 0, expected at least 1'],
  [
    'a broken number',
    'port: 7201',
    'port: 7201.5',
    'backends[0].listen.port',
    17,
    'found 7201.5, expected a whole number',
  ],
  ['not a number', 'port: 7201', 'port: .nan', 'backends[0].listen.port', 17, 'found NaN, expected a number'],
  [
    'an empty path',
    'database: results.duckdb',
    "database: ''",
    'sync.database',
    19,
    'found "", expected text that is not empty',
  ],
  [
    'nothing where a mapping belongs',
    'sync: { name: sync, api: { host: 127.0.0.1, port: 7301 }, database: results.duckdb }',
    'sync:',
    'sync',
    19,
    'found nothing, expected a mapping',
  ],
  [
    'a mapping where a list belongs',
    'backends:\n  - { name',
    'backends:\n  { name',
    'backends',
    16,
    'found a mapping, expected a list',
  ],
  [
    'an empty list',
    'symbols: [EURUSD, GBPUSD]',
    'symbols: []',
    'accounts[0].symbols',
    29,
    'found a list of 0, expected at least one entry',
  ],
  [
    'a symbol with a blank',
    'symbols: [EURUSD, GBPUSD]',
    'symbols: [EURUSD, "GBP USD"]',
    'accounts[0].symbols[1]',
    29,
    'found "GBP USD", expected a symbol',
  ],
  [
    'a wrong account name',
    'account: demo-hedging',
    'account: Demo_1',
    'accounts[0].account',
    23,
    'found "Demo_1", expected an account name',
  ],
  ['a wrong URL', '"http://127.0.0.1:8123"', 'nope', 'clickhouse.url', 20, 'found "nope", expected a URL'],
  [
    'a long value',
    'cluster: demo',
    `cluster: ${'x'.repeat(500)}`,
    'cluster',
    1,
    `found "${'x'.repeat(60)}…", expected a name`,
  ],
];

test.each(ROWS)('refused: %s', (_, find, replace, path, line, message) => {
  const faults = faultsOf(changed(find, replace));
  expect(faults).toContainEqual({ path, line, message: expect.stringContaining(message) as string });
});
