/** The list of failovers: who writes what, and that each stands there once. Time and Redis are the test's own. */
import { type Command, type Host, NodeUnavailable, RedisError, type RedisReply } from '@holdfast/ha-core';
import { FAILOVERS_KEY, type PrimaryConnection, readFailovers, type StoredFailover } from '@holdfast/redis';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { FailoverRecord } from './failover.ts';
import { createFailoverHistory, type FailoverHistory } from './failover-history.ts';
import type { WardenView } from './view.ts';

const host: Host = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  random: () => 0,
};

let list: string[] = [];
/** What Redis does with the next commands. */
let weather: 'good' | 'NOREPLICAS not enough good replicas' | 'silent' = 'good';
let view: Pick<WardenView, 'primary' | 'nodes'>;
let logged: string[] = [];
const started: FailoverHistory[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  list = [];
  weather = 'good';
  logged = [];
  view = primaryIs('a:1', 4);
});
afterEach(() => {
  for (const history of started.splice(0)) history.stop();
  vi.useRealTimers();
});

/** A view with this primary, which has claimed the term; undefined: not yet. */
function primaryIs(primary: string | null, term: number | undefined): typeof view {
  const record = {
    term: term ?? 0,
    change: 0,
    primary: term === undefined ? '' : (primary ?? ''),
    members: [],
    writes: 0,
  };
  const node = { endpoint: primary ?? '', role: 'primary', of: null, link: null, offset: 1, record };
  return { primary, nodes: primary === null ? [] : [node] };
}

const connection: PrimaryConnection = {
  run: (commands) => {
    if (weather === 'silent') return Promise.reject(new NodeUnavailable('no primary', false));
    return Promise.resolve({ replies: commands.map(answer), connection: 1 });
  },
  moved: () => undefined,
  stop: () => undefined,
};

function answer([verb, key, ...args]: Command): RedisReply {
  if (key !== FAILOVERS_KEY) throw new Error(`unexpected key ${String(key)}`);
  if (verb === 'LRANGE') return [...list];
  if (weather !== 'good') return new RedisError(weather);
  if (verb === 'LPUSH') list.unshift(String(args[0]));
  else if (verb === 'LTRIM') list.splice(Number(args[1]) + 1);
  return 'OK';
}

function start(index: number): FailoverHistory {
  const name = `warden-${index + 1}`;
  const history = createFailoverHistory({
    host,
    connection,
    name,
    index,
    view: () => view,
    log: (event) => void logged.push(event),
  });
  started.push(history);
  return history;
}

const record = (more: Partial<FailoverRecord> = {}): FailoverRecord => ({
  from: 'a:1',
  to: 'b:2',
  cause: 'does not answer',
  by: 'warden-1',
  tookMs: 210,
  at: Date.now(),
  ...more,
});
const rows = (): readonly StoredFailover[] => readFailovers(list);
const passes = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

it('keeps one that was asked for once, with the term, however many wardens saw it', async () => {
  const [one, ...others] = [0, 1, 2].map(start);
  await passes(200);
  view = primaryIs('b:2', undefined);
  one?.asked(record());
  await passes(300);
  expect(rows()).toEqual([]);
  view = primaryIs('b:2', 5);
  await passes(10_000);
  expect(rows()).toMatchObject([
    { from: 'a:1', to: 'b:2', term: 5, by: 'warden-1', asked: true, tookMs: 210 },
  ]);
  expect(others[1]?.list()).toEqual(rows());
});

it('keeps one that no warden asked for, by whoever looked first', async () => {
  [0, 1, 2].map(start);
  await passes(200);
  view = primaryIs(null, undefined);
  await passes(1000);
  view = primaryIs('b:2', 5);
  await passes(10_000);
  expect(list).toHaveLength(1);
  const [row] = rows();
  expect(row).toMatchObject({ from: 'a:1', to: 'b:2', term: 5, by: 'warden-1', asked: false });
  expect(row?.tookMs).toBeGreaterThanOrEqual(1000);
  expect(row?.tookMs).toBeLessThan(1150);
});

it('is written by the next warden when the first is gone', async () => {
  const [one] = [0, 1].map(start);
  await passes(200);
  one?.stop();
  view = primaryIs('b:2', 5);
  await passes(10_000);
  expect(rows()).toMatchObject([{ by: 'warden-2', asked: false }]);
});

it('tries again while the new primary takes no writes, and gives up with a line', async () => {
  const history = start(0);
  weather = 'NOREPLICAS not enough good replicas';
  view = primaryIs('b:2', 5);
  history.asked(record());
  await passes(5000);
  expect(rows()).toEqual([]);
  weather = 'good';
  await passes(2000);
  expect(rows()).toHaveLength(1);
  weather = 'silent';
  history.asked(record({ to: 'c:3' }));
  view = primaryIs('c:3', 6);
  await passes(60_000);
  expect(logged).toEqual(['failover_not_kept']);
});

it('is bounded, and the start of a warden is no failover', async () => {
  const history = start(0);
  for (let term = 5; term < 30; term += 1) {
    view = primaryIs(`n:${term}`, term);
    history.asked(record({ to: `n:${term}`, at: Date.now() }));
    await passes(500);
  }
  await passes(10_000);
  expect(list).toHaveLength(20);
  expect(rows()[0]?.term).toBe(29);
  list = [];
  view = primaryIs('z:9', 40);
  start(1);
  started[0]?.stop();
  await passes(10_000);
  expect(list).toEqual([]);
});
