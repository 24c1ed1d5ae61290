/** The state folder: made whole, resumed as it is, and never guessed at when something of it is missing or damaged. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError } from '@holdfast/configuration';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FIRST_RECORD } from './cluster-record.ts';
import { StateDamaged } from './state-damaged.ts';
import { prepareState, type StateFolder } from './state-folder.ts';

let above = '';
let folder = '';
beforeEach(() => {
  above = mkdtempSync(join(tmpdir(), 'holdfast-state-'));
  folder = join(above, 'state');
});
afterEach(() => rmSync(above, { recursive: true, force: true }));

const open = (changes: Parameters<typeof prepareState>[1] = {}): StateFolder =>
  prepareState(folder, changes).settle();
const refusal = (): unknown => {
  try {
    return prepareState(folder, {});
  } catch (error) {
    return error;
  }
};
const yaml = (): string => readFileSync(join(folder, 'holdfast.yaml'), 'utf8');
const secret = (state: StateFolder): string => state.configuration.secret('api.keyFile', 'secrets/api.key');

describe('a first start', () => {
  it('has the demo accounts, the default ports and secrets that only the owner can read', () => {
    const state = open();
    const { values } = state.configuration;
    expect(state).toMatchObject({ fresh: true, record: FIRST_RECORD });
    expect(values.api.listen).toEqual({ host: '127.0.0.1', port: 8080 });
    expect(values.redis.nodes.map(({ port }) => port)).toEqual([18_001, 18_002, 18_003]);
    expect(
      values.accounts.map(({ account, margin, terminals, symbols }) => [account, margin, terminals, symbols]),
    ).toEqual([
      [
        'demo-hedging',
        'hedging',
        [{ name: 'terminal-1', role: 'primary' }],
        ['EURUSD', 'GBPUSD', 'USDJPY', 'XAUUSD'],
      ],
      [
        'demo-netting',
        'netting',
        [{ name: 'terminal-2', role: 'primary' }],
        ['EURUSD', 'GBPUSD', 'USDJPY', 'XAUUSD'],
      ],
    ]);
    expect(values.webhooks).toMatchObject([{ name: 'demo', account: 'demo-hedging', wholeStops: 'points' }]);
    for (const file of readdirSync(join(folder, 'secrets'))) {
      const path = join(folder, 'secrets', file);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(readFileSync(path, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
    }
  });

  it('writes nothing before it is settled, and takes an empty folder for none', () => {
    prepareState(folder, {});
    expect(existsSync(folder)).toBe(false);
    mkdirSync(folder);
    expect(open().fresh).toBe(true);
    expect(readdirSync(above)).toEqual(['state']);
  });

  it('refuses a plan whose ports collide, and leaves nothing behind', () => {
    expect(() => open({ basePort: 18_000, apiPort: 18_001 })).toThrow(ConfigurationError);
    expect(readdirSync(above)).toEqual([]);
  });
});

describe('a later start', () => {
  it('keeps ports, keys and what the user wrote', () => {
    const key = secret(open({ basePort: 19_000, latencyMs: 5 }));
    writeFileSync(join(folder, 'holdfast.yaml'), `# mine\n${yaml()}`);
    const again = open();
    expect(again.fresh).toBe(false);
    expect(secret(again)).toBe(key);
    expect(again.configuration.values.redis.nodes[0]?.port).toBe(19_001);
    expect(again.configuration.values.simulator?.latencyMs).toBe(5);
    expect(yaml()).toContain('# mine');
  });

  it('changes only what the command line names', () => {
    open();
    const before = yaml();
    const { values } = open({ apiPort: 8181, profile: 'seed', prices: '/quotes.csv' }).configuration;
    expect([values.api.listen.port, values.profile, values.simulator?.prices]).toEqual([
      8181,
      'seed',
      '/quotes.csv',
    ]);
    expect(yaml()).toBe(
      before
        .replace('port: 8080', 'port: 8181')
        .replace('profile: fast', 'profile: seed')
        .replace('  latencyMs: 0\n', '  latencyMs: 0\n  prices: /quotes.csv\n'),
    );
  });

  it('moves every port with the base', () => {
    open();
    open({ basePort: 20_000 });
    expect(yaml()).not.toMatch(/\b18\d\d\d\b/);
  });
});

describe('a damaged state', () => {
  const breakings: readonly (readonly [string, string, (path: string) => void, string])[] = [
    ['a missing configuration', 'holdfast.yaml', (path) => rmSync(path), 'is missing'],
    ['a missing record', 'cluster.json', (path) => rmSync(path), 'cannot be read'],
    ['a record cut short', 'cluster.json', (path) => writeFileSync(path, '{"version":1'), 'is not JSON'],
    ['a record of another form', 'cluster.json', (path) => writeFileSync(path, '{"version":2}'), 'version'],
    ['a wrong configuration', 'holdfast.yaml', (path) => writeFileSync(path, 'cluster: 7'), 'cluster'],
    ['a missing secret', 'secrets/bridge-demo-hedging', (path) => rmSync(path), 'does not exist'],
    ['a missing Redis secret', 'secrets/redis-sync', (path) => rmSync(path), 'redis.users.sync.passwordFile'],
    ['an empty secret', 'secrets/api.key', (path) => writeFileSync(path, ''), 'is empty'],
  ];

  it.each(breakings)('with %s is reported by its path', (_what, file, breakIt, reason) => {
    open();
    const path = join(folder, file);
    breakIt(path);
    const refused = refusal();
    expect(refused instanceof StateDamaged || refused instanceof ConfigurationError).toBe(true);
    const message = String(refused);
    expect(message).toContain(path);
    expect(message).toContain(reason);
  });
});
