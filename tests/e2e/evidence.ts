/** Gathers what the checker compares, from the outside: HTTP of the API, of sync, of ClickHouse and of the broker. */
import { parse } from 'yaml';
import type { Evidence, Ledger, ResultRow, StoredRow } from './checker.ts';
import type { Client } from './client.ts';
import { type Cluster, until } from './cluster.ts';

type Page = { readonly next: number } & Readonly<Record<string, StoredRow[]>>;

type Places = {
  readonly sync: string;
  readonly clickhouse: string;
  readonly database: string;
  readonly broker: string;
};

/** What this needs of a cluster, however it runs. */
export type Gathered = Pick<Cluster, 'configurationText' | 'secret'>;

/** Where the stores of a cluster answer, from its configuration file. */
export function placesOf(cluster: Gathered): Places {
  const values = parse(cluster.configurationText()) as {
    sync: { api: { host: string; port: number } };
    clickhouse: { url: string; database?: string };
    simulator: { http: { host: string; port: number } };
  };
  const { sync, clickhouse, simulator } = values;
  return {
    sync: `http://${sync.api.host}:${sync.api.port}`,
    clickhouse: clickhouse.url,
    database: clickhouse.database ?? 'holdfast',
    broker: `http://${simulator.http.host}:${simulator.http.port}`,
  };
}

/** All numbered records of an account from the API, page by page. */
export async function recordsOf(client: Client, account: string): Promise<StoredRow[]> {
  return pages(async (after) => {
    const { body } = await client.get<Page>(`/v1/accounts/${account}/records?after=${after}&limit=500`);
    return { rows: body.records ?? [], next: body.next };
  });
}

async function pages(
  read: (after: number) => Promise<{ rows: StoredRow[]; next: number }>,
): Promise<StoredRow[]> {
  const all: StoredRow[] = [];
  for (let after = 0; ; ) {
    const { rows, next } = await read(after);
    all.push(...rows);
    if (rows.length === 0) return all;
    after = next;
  }
}

/** The broker's ledger. */
export async function ledgerOf(cluster: Gathered): Promise<Ledger> {
  const response = await fetch(`${placesOf(cluster).broker}/ledger`);
  return (await response.json()) as Ledger;
}

async function duckdbOf(cluster: Gathered, account: string): Promise<StoredRow[]> {
  const { sync } = placesOf(cluster);
  const headers = { authorization: `Bearer ${cluster.secret('cluster')}` };
  return pages(async (after) => {
    const response = await fetch(`${sync}/v1/records?account=${account}&after=${after}&limit=500`, {
      headers,
    });
    const body = (await response.json()) as Page;
    return { rows: body.records ?? [], next: body.next };
  });
}

async function clickhouseOf(cluster: Gathered, account: string): Promise<StoredRow[]> {
  const { clickhouse, database } = placesOf(cluster);
  const query = `SELECT number, record FROM ${database}.records FINAL WHERE account = '${account}' ORDER BY number FORMAT JSONEachRow`;
  const response = await fetch(clickhouse, { method: 'POST', body: query });
  if (!response.ok) throw new Error(`ClickHouse: ${response.status} ${await response.text()}`);
  const lines = (await response.text()).split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const row = JSON.parse(line) as { number: string | number; record: string };
    return {
      ...(JSON.parse(row.record) as Omit<StoredRow, 'number'>),
      number: Number(row.number),
    } as StoredRow;
  });
}

/**
 * Waits until every acknowledged signal of the account has its result and both stores have every record, then reads
 * all of it. Throws when that does not come within `limitMs`.
 */
export async function gather(
  cluster: Gathered,
  client: Client,
  account: string,
  limitMs: number,
): Promise<Evidence> {
  const told = [...client.told.values()].filter((row) => row.account === account);
  const acknowledged = new Set(told.filter((row) => row.acknowledgedAt !== undefined).map((row) => row.id));
  const records = await until(
    `results of ${acknowledged.size} signals of ${account}`,
    limitMs,
    async () => {
      const rows = await recordsOf(client, account);
      const finished = new Set(rows.filter((row) => row.kind === 'result').map((row) => row.signalId));
      return [...acknowledged].every((id) => finished.has(id)) ? rows : undefined;
    },
    500,
  );
  const stored = await until(
    `${records.length} records of ${account} in both stores`,
    limitMs,
    async () => {
      const [all, duckdb, clickhouse] = await Promise.all([
        recordsOf(client, account),
        duckdbOf(cluster, account),
        clickhouseOf(cluster, account),
      ]);
      // What came while these were read is in some of them only: read again.
      return duckdb.length === all.length && clickhouse.length === all.length
        ? { all, duckdb, clickhouse }
        : undefined;
    },
    500,
  );
  return {
    account,
    told,
    results: stored.all.filter((row) => row.kind === 'result') as unknown as ResultRow[],
    records: stored.all,
    ledger: await ledgerOf(cluster),
    duckdb: stored.duckdb,
    clickhouse: stored.clickhouse,
  };
}
