/**
 * The cluster as this backend sees it, from the records that the engines act on (I9): what `GET /v1/status`, the CLI
 * and the console show. One reading serves everybody who asks within a quarter of a second.
 */
import type { Host, NumberedRecord } from '@holdfast/ha-core';
import type { Configuration } from '@holdfast/configuration';
import type {
  AccountState,
  HeldBackAlert,
  InstanceState,
  LeaderChange,
  Pause,
  WriterView,
} from '@holdfast/redis';
import type { RedisTopology } from '@holdfast/topology';
import type { LatencySummary } from './latency.ts';
import { newestReconciliation, type Reconciliation } from './reconciliation-report.ts';
import { type RefusedTerminal, refusedTerminals } from './refused-terminals.ts';
import { redisProblems, type RedisStatus, redisStatus } from './redis-status.ts';
import type { NodeView, RedisView } from './redis-watch.ts';

export type AccountStatus = {
  readonly account: string;
  readonly active: string | null;
  readonly epoch: string;
  /** The trading role's terminal and how its connection stands, as the engine wrote it in RIS. */
  readonly connection: string;
  readonly terminal: string | null;
  readonly pending: number;
  readonly unknown: number;
  readonly unknownSignals: readonly string[];
  readonly lastNumber: number;
  readonly lastResult: NumberedRecord | null;
  readonly results: readonly NumberedRecord[];
  readonly heldBack: readonly HeldBackAlert[];
  /** Who holds it still and why; null while nobody does. */
  readonly pause: Pause | null;
  /** The last changes of leader, newest first. */
  readonly leaders: readonly LeaderChange[];
  /** The newest comparison with the terminal, with its first rows; null before there was one. */
  readonly reconciliation: Reconciliation | null;
  /** Terminals that called within the last minute and are logged in as somebody else: not traded through. */
  readonly refusedTerminals: readonly RefusedTerminal[];
  /** Why the account could not be read, if so; the rest is then empty. */
  readonly unavailable?: string;
};

export type ClusterStatus = {
  readonly cluster: string;
  readonly profile: string;
  /** Which backend answers, and when (wall clock). */
  readonly backend: string;
  readonly at: number;
  readonly degraded: boolean;
  readonly degradedBecause: readonly string[];
  readonly redis: RedisStatus;
  /** Acceptance by this backend: from the request's check to the answer. */
  readonly acceptance: LatencySummary & { readonly repeating: number };
  readonly nodes: readonly NodeView[];
  readonly accounts: readonly AccountStatus[];
};

export type Status = {
  /** Never rejects; what cannot be read is said in it. */
  readonly read: () => Promise<ClusterStatus>;
};

export type StatusOptions = {
  readonly name: string;
  readonly cluster: string;
  readonly profile: string;
  readonly accounts: readonly string[];
  /** The processes that the configuration names. */
  readonly nodes: readonly Pick<NodeView, 'name' | 'kind' | 'endpoint'>[];
  readonly redis: Configuration['redis'];
  readonly host: Host;
  readonly state: Pick<InstanceState, 'account'>;
  readonly writerView: () => WriterView;
  readonly redisView: () => RedisView;
  /** As the wardens tell it; undefined while none answers. */
  readonly topology: () => RedisTopology | undefined;
  readonly acceptance: () => ClusterStatus['acceptance'];
};

const SHARED_FOR_MS = 250;
const RECORDS = 50;
const RESULTS_SHOWN = 10;
const LEADERS_SHOWN = 10;
const DIFFERENCES_SHOWN = 20;
/** An engine reports once a minute. */
const COMPARED_WITHIN_MS = 180_000;

export function createStatus(options: StatusOptions): Status {
  const { host } = options;
  let shared: { readonly atMs: number; readonly reading: Promise<ClusterStatus> } | undefined;
  return {
    read: () => {
      if (shared === undefined || host.monotonicMs() - shared.atMs >= SHARED_FOR_MS) {
        shared = { atMs: host.monotonicMs(), reading: readStatus(options) };
      }
      return shared.reading;
    },
  };
}

async function readStatus(options: StatusOptions): Promise<ClusterStatus> {
  const accounts = await Promise.all(
    options.accounts.map(async (account) => {
      const read = await options.state.account(account, RECORDS);
      if (read.is !== 'read') return unreadable(account, read.detail);
      return accountStatus(read.value, options.host.wallMs());
    }),
  );
  const view = options.redisView();
  const redis = redisStatus({
    redis: options.redis,
    writer: options.writerView(),
    view,
    topology: options.topology(),
  });
  const nodes = nodesOf(options, view);
  const degradedBecause = [
    ...redisProblems(redis, options.redis),
    ...problems(nodes, accounts, redis.level === 'none'),
    ...accounts.flatMap((account) => notCompared(account, options.host.wallMs())),
  ];
  return {
    cluster: options.cluster,
    profile: options.profile,
    backend: options.name,
    at: options.host.wallMs(),
    degraded: degradedBecause.length > 0,
    degradedBecause,
    redis,
    acceptance: options.acceptance(),
    nodes,
    accounts,
  };
}

/** What was announced, with a row for each configured process that was not; strangers only as long as they speak. */
function nodesOf(options: StatusOptions, redis: RedisView): NodeView[] {
  const announced = new Map(redis.nodes.map((node) => [node.name, node]));
  const missing = { role: 'standby', pid: 0, healthy: false, at: 0, detail: null };
  const expected = options.nodes.map((node) => announced.get(node.name) ?? { ...missing, ...node });
  const names = new Set(options.nodes.map((node) => node.name));
  return [...expected, ...redis.nodes.filter((node) => node.healthy && !names.has(node.name))];
}

/** What an operator must know, in plain words; empty while everything is as it should be. */
function problems(nodes: readonly NodeView[], accounts: readonly AccountStatus[], mute: boolean): string[] {
  const found: string[] = [];
  // Who is there is written in Redis too: while that takes nothing, silence tells nothing of a process.
  if (mute && nodes.some(({ healthy }) => !healthy))
    found.push('the processes cannot say that they are there: their state is not known');
  for (const node of nodes) {
    if (!node.healthy && !mute)
      found.push(`${node.name} (${node.kind}) ${node.at === 0 ? 'was not seen yet' : 'is silent'}`);
  }
  for (const account of accounts) {
    if (account.unavailable !== undefined) found.push(`${account.account}: cannot be read`);
    else if (account.active === null) found.push(`${account.account}: no engine is active`);
    else if (NOT_TRADING.has(account.connection)) {
      found.push(`${account.account}: the broker connection is ${account.connection}`);
    }
    if (account.pause !== null) {
      found.push(`${account.account}: paused by ${account.pause.by}: ${account.pause.reason}`);
    }
    for (const { terminal, login, server, expected } of account.refusedTerminals) {
      const own = `${expected.login} at ${expected.server}`;
      found.push(`${account.account}: ${terminal} is logged in as ${login} at ${server}, not as ${own}`);
    }
    if (account.unknown > 0) {
      found.push(`${account.account}: ${account.unknown} signal(s) with an unknown outcome`);
    }
  }
  return found;
}

/** What we hold is shown to people, who must know when nobody has looked whether the broker has it too. */
function notCompared(
  { account, active, connection, reconciliation }: AccountStatus,
  wallMs: number,
): readonly string[] {
  if (active === null || connection !== 'up' || reconciliation === null) return [];
  const ageMs = wallMs - reconciliation.at;
  if (ageMs <= COMPARED_WITHIN_MS) return [];
  return [`${account}: not compared with its terminal for ${Math.floor(ageMs / 60_000)} minutes`];
}

/** States of a connection in which signals wait. */
const NOT_TRADING = new Set(['down', 'suspended']);

function accountStatus(state: AccountState, wallMs: number): AccountStatus {
  const results = state.records.filter((record) => record.kind === 'result').slice(0, RESULTS_SHOWN);
  const role = objectOf(state.instance['role']);
  return {
    account: state.account,
    active: state.active ?? null,
    epoch: state.epoch,
    connection: connectionOf(state),
    terminal: typeof role['terminal'] === 'string' ? role['terminal'] : null,
    pending: state.pending,
    unknown: state.unknown.length,
    unknownSignals: state.unknown.slice(0, RESULTS_SHOWN),
    lastNumber: state.lastNumber,
    lastResult: results[0] ?? null,
    results,
    heldBack: state.heldBack.slice(0, RESULTS_SHOWN),
    pause: state.pause ?? null,
    leaders: state.leaders.slice(0, LEADERS_SHOWN),
    reconciliation: shortened(newestReconciliation(state.instance)),
    refusedTerminals: refusedTerminals(state.instance, wallMs),
  };
}

const shortened = (report: Reconciliation | null): Reconciliation | null =>
  report === null ? null : { ...report, rows: report.rows.slice(0, DIFFERENCES_SHOWN) };

function unreadable(account: string, detail: string): AccountStatus {
  return {
    account,
    active: null,
    epoch: '0',
    connection: 'not known',
    terminal: null,
    pending: 0,
    unknown: 0,
    unknownSignals: [],
    lastNumber: 0,
    lastResult: null,
    results: [],
    heldBack: [],
    pause: null,
    leaders: [],
    reconciliation: null,
    refusedTerminals: [],
    unavailable: detail,
  };
}

/**
 * RIS's field `connection`, in one word. What an earlier epoch wrote is not true of this one: the engine that leads now
 * has not said anything yet.
 */
function connectionOf(state: AccountState): string {
  const connection = objectOf(state.instance['connection']);
  const { epoch } = connection;
  if (typeof epoch !== 'number' && typeof epoch !== 'string') return 'not known';
  if (String(epoch) !== state.epoch) return 'taking over';
  if (connection['suspended'] === true) return 'suspended';
  return typeof connection['is'] === 'string' ? connection['is'] : 'not known';
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
