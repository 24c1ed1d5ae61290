/** What checkPurity finds, and what it leaves alone, on small planted trees. */
import { describe, expect, it } from 'vitest';
import { plantedTree } from '../tree.ts';
import { checkPurity } from './purity.ts';

const found = (path: string, source: string): string[] =>
  checkPurity(plantedTree({ [path]: source })).map(({ path: where, says }) => `${where} ${says}`);

const CORE = 'libs/ha-core/src/lease/lease.ts';
const LOOP = 'apps/engine/src/engine.ts';

describe('ha-core', () => {
  it.each([
    ['Date.now();', 'uses Date; take `now` as an argument'],
    ['const at = new Date();', 'uses Date; take `now` as an argument'],
    ['const now = { Date };', 'uses Date; take `now` as an argument'],
    ['const { now } = Date;', 'uses Date; take `now` as an argument'],
    ['setTimeout(() => {}, 1);', 'uses setTimeout; return an effect that names the wait'],
    ['Math.random();', 'uses Math.random; take chance as an argument'],
    ["Math['random']();", 'uses Math.random; take chance as an argument'],
    ['performance.now();', 'uses performance; take `now` as an argument'],
    ['process.env;', 'uses process; take what is needed as an argument'],
    ['globalThis.setTimeout;', 'uses globalThis; take what is needed as an argument'],
    [
      "import { readFileSync } from 'node:fs';",
      'imports node:fs; ha-core knows only zod, take it as an argument',
    ],
    ["import pino from 'pino';", 'imports pino; ha-core knows only zod, take it as an argument'],
    [
      "import { createHash } from 'node:crypto';",
      'imports node:crypto; ha-core knows only zod, take it as an argument',
    ],
  ])('%s', (source, says) => {
    expect(found(CORE, source)).toEqual([`${CORE}:1 ${says}`]);
  });

  it('may compute, name a field like a global, speak of one, and hash where signals are identified', () => {
    expect(
      found(
        CORE,
        `/** Date.now() */ export const a = { Date: 1, process: 'setTimeout' }; a.Date; Math.max(1, 2);`,
      ),
    ).toEqual([]);
    expect(found('libs/ha-core/src/signal/identity.ts', `import { createHash } from 'node:crypto';`)).toEqual(
      [],
    );
  });

  it('may not take more than the hash there', () => {
    expect(
      found('libs/ha-core/src/signal/identity.ts', `import { createHash, randomUUID } from 'node:crypto';`),
    ).toHaveLength(1);
  });
});

describe('the loops that the simulation runs', () => {
  it.each([
    ['Date.now();', 'uses Date; use host.monotonicMs() or host.wallMs()'],
    ['setInterval(() => {}, 1);', 'uses setInterval; use host.after()'],
    ['Math.random();', 'uses Math.random; use host.random()'],
    [
      "import { setTimeout as wait } from 'node:timers/promises';",
      'imports node:timers/promises; use sleep(host, …)',
    ],
    ["import { connect } from 'node:net';", 'imports node:net; use the Network port'],
    ["import { randomUUID } from 'node:crypto';", 'imports randomUUID; use host.random()'],
  ])('%s', (source, says) => {
    expect(found(LOOP, source)).toEqual([`${LOOP}:1 ${says}`]);
  });

  it.each([
    'libs/redis/src/acknowledged-writer.ts',
    'libs/bridge/src/session.ts',
    'tools/mt5-sim/src/broker.ts',
  ])('%s is one of them', (path) => {
    expect(found(path, 'Date.now();')).toHaveLength(1);
  });

  it.each([
    'apps/engine/src/main.ts',
    'libs/redis/src/node.ts',
    'tools/mt5-sim/src/main.ts',
    'apps/engine/src/engine.test.ts',
  ])('%s is none of them', (path) => {
    expect(found(path, 'Date.now();')).toEqual([]);
  });
});
