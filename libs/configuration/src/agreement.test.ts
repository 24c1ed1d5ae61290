/** Every way fields that are right by themselves can disagree is a row. */
import { expect, test } from 'vitest';
import { changed, faultsOf } from './testing/right-configuration.ts';

/** What is wrong; what is replaced in the right file, by what; path, line and words of the answer. */
type Row = readonly [string, string, string, string, number | undefined, string];

const ROWS: readonly Row[] = [
  [
    'a name twice',
    'name: redis-2',
    'name: redis-1',
    'redis.nodes[1].name',
    5,
    'the name "redis-1" stands at redis.nodes[0].name already',
  ],
  [
    'a name twice in different lists',
    'name: backend-1',
    'name: engine-1',
    'backends[0].name',
    14,
    'the name "engine-1" stands at engines[0].name already',
  ],
  [
    'an endpoint twice',
    'port: 7201',
    'port: 7103',
    'backends[0].listen',
    14,
    'the endpoint "127.0.0.1:7103" stands at engines[0].health already',
  ],
  [
    'an endpoint twice, once by name',
    'host: 127.0.0.1, port: 7201',
    'host: localhost, port: 7103',
    'backends[0].listen',
    14,
    'the endpoint "127.0.0.1:7103"',
  ],
  [
    'an endpoint that ClickHouse has',
    '127.0.0.1:8123',
    '127.0.0.1:8080',
    'clickhouse.url',
    17,
    'stands at api.listen already',
  ],
  [
    'the same port of a Redis node twice',
    'port: 7002',
    'port: 7001',
    'redis.nodes[1]',
    5,
    'the endpoint "127.0.0.1:7001" stands at redis.nodes[0] already',
  ],
  [
    'a terminal name twice',
    'name: terminal-2',
    'name: terminal-1',
    'accounts[0].terminals[1].name',
    25,
    'the name "terminal-1" stands at',
  ],
  [
    'two primary terminals',
    'role: backup',
    'role: primary',
    'accounts[0].terminals[1].role',
    25,
    'expected exactly one primary terminal',
  ],
  [
    'no primary terminal',
    'role: primary',
    'role: backup',
    'accounts[0].terminals',
    23,
    'no terminal has the role primary',
  ],
  [
    'a symbol twice',
    '[EURUSD, GBPUSD]',
    '[EURUSD, EURUSD]',
    'accounts[0].symbols[1]',
    26,
    'the symbol "EURUSD" stands at accounts[0].symbols[0] already',
  ],
  [
    'two Sentinels',
    '    - { name: sentinel-1, host: 127.0.0.1, port: 7011 }',
    '    - { name: sentinel-1, host: 127.0.0.1, port: 7011 }\n    - { name: sentinel-2, host: 127.0.0.1, port: 7012 }',
    'redis.sentinels',
    6,
    '2 Sentinels, expected an odd number',
  ],
  [
    'no Sentinel for two Redis nodes',
    'sentinels:\n    - { name: sentinel-1, host: 127.0.0.1, port: 7011 }',
    'sentinels: []',
    'redis.sentinels',
    6,
    'none, expected an odd number',
  ],
  [
    'a webhook for an unknown account',
    'tokenFile: secrets/tv, account: demo-hedging',
    'tokenFile: secrets/tv, account: other',
    'webhooks[0].account',
    28,
    '"other" is not an account, expected one of: demo-hedging',
  ],
  [
    'a webhook for an unknown symbol',
    '{ EURUSD: EURUSD }',
    '{ EURUSD: EURUSDm }',
    'webhooks[0].symbols.EURUSD',
    28,
    '"EURUSDm" is not a symbol of the account demo-hedging',
  ],
  [
    'a password in the URL',
    'http://127',
    'http://default:hunter2@127',
    'clickhouse.url',
    17,
    'holds a user or a password',
  ],
  [
    'another scheme',
    'http://127',
    'ftp://127',
    'clickhouse.url',
    17,
    'the scheme is ftp:, expected http: or https:',
  ],
];

test.each(ROWS)('refused: %s', (_, find, replace, path, line, message) => {
  const faults = faultsOf(changed(find, replace));
  expect(faults).toContainEqual({ path, line, message: expect.stringContaining(message) as string });
});
