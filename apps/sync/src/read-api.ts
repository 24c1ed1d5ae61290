/**
 * How others read what DuckDB holds: only sync opens it. Every route needs the cluster's secret as a bearer token,
 * compared in constant time; the server listens where the configuration says, on loopback by default.
 *
 *   GET /v1/results?account=&after=&limit=   results, ascending: { results: [...], next }
 *   GET /v1/records?account=&after=&limit=   all numbered records: { records: [...], next }
 *   GET /v1/status                           positions, what failed, who is stopped, the age of the snapshot
 *   POST /v1/resume { account }              a person's decision: a stopped account is synced again
 *
 * `next` is what to give as `after` to go on; it is `after` itself when nothing came.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { AccountPosition, FailedSync, PushStore, ResultStore } from '@holdfast/duckdb';
import { type NumberedRecord, recordOfRow } from '@holdfast/ha-core';
import type { Route, RouteAnswer, RouteRequest } from '@holdfast/process';

export type SyncStatus = {
  readonly accounts: readonly AccountPosition[];
  readonly failed: readonly FailedSync[];
  readonly clickhouse: { readonly available: boolean; readonly lastError: string | null };
  readonly snapshot: {
    readonly name: string | null;
    readonly ageMs: number | null;
    readonly lastError: string | null;
  };
  /** Where this process's database came from at its start. */
  readonly restored: Record<string, unknown>;
};

export type ReadApiOptions = {
  readonly secret: string;
  readonly store: ResultStore;
  readonly pushStore: PushStore;
  readonly accounts: readonly string[];
  /** Follows the account again; the position it goes on from. */
  readonly resume: (account: string) => Promise<number>;
  readonly status: () => Pick<SyncStatus, 'clickhouse' | 'snapshot' | 'restored'>;
};

export const LIMIT_DEFAULT = 100;
export const LIMIT_MAX = 1000;
const FAILED_SHOWN_MAX = 100;

/** A field that is wrong: 422 with its name, what was found and what was expected. */
class WrongField extends Error {}

/** The routes, for the process's HTTP server. */
export function readRoutes(options: ReadApiOptions): Readonly<Record<string, Route>> {
  const known = digest(`Bearer ${options.secret}`);
  const guarded =
    (answer: (request: RouteRequest) => Promise<unknown>): Route =>
    async (request): Promise<RouteAnswer> => {
      // Digests have one length, so that the comparison takes the same time for every guess.
      const presented = digest(request.headers.authorization ?? '');
      if (!timingSafeEqual(presented, known)) {
        return { status: 401, body: { error: 'authorization: expected the cluster secret as Bearer token' } };
      }
      try {
        return { status: 200, body: await answer(request) };
      } catch (error) {
        if (error instanceof WrongField) return { status: 422, body: { error: error.message } };
        throw error;
      }
    };
  return {
    'GET /v1/results': guarded(async (request) => {
      const { records, next } = await page(options, request, 'result');
      return { results: records, next };
    }),
    'GET /v1/records': guarded((request) => page(options, request)),
    'GET /v1/status': guarded(() => status(options)),
    'POST /v1/resume': guarded(async (request) => {
      const { account } = (request.body ?? {}) as { account?: unknown };
      const known = knownAccount(options, typeof account === 'string' ? account : '');
      return { account: known, from: await options.resume(known) };
    }),
  };
}

async function page(
  options: ReadApiOptions,
  request: RouteRequest,
  kind?: string,
): Promise<{ records: NumberedRecord[]; next: number }> {
  const account = knownAccount(options, request.query.get('account') ?? '');
  const after = whole(request, 'after', 0, Number.MAX_SAFE_INTEGER, 0);
  const limit = whole(request, 'limit', 1, LIMIT_MAX, LIMIT_DEFAULT);
  const rows = await options.store.rows(account, after, limit, kind);
  const records = rows.map(recordOfRow);
  return { records, next: records[records.length - 1]?.number ?? after };
}

function knownAccount(options: ReadApiOptions, account: string): string {
  if (options.accounts.includes(account)) return account;
  throw new WrongField(
    `account ${JSON.stringify(account.slice(0, 64))}: expected one of the configured accounts`,
  );
}

function whole(request: RouteRequest, name: string, least: number, most: number, otherwise: number): number {
  const text = request.query.get(name);
  if (text === null) return otherwise;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new WrongField(
    `${name} ${JSON.stringify(text.slice(0, 64))}: expected a whole number from ${least} to ${most}`,
  );
}

async function status(options: ReadApiOptions): Promise<SyncStatus> {
  const [accounts, failed] = await Promise.all([
    options.store.positions(),
    options.pushStore.failed(FAILED_SHOWN_MAX),
  ]);
  return { accounts, failed, ...options.status() };
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
