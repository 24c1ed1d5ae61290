/**
 * The only place where key names are made. An account's keys share the hash tag `{account}`, so that Redis Cluster
 * keeps them on one node. No key has a TTL: `volatile-lru` can evict nothing of ours.
 */
export type AccountKeys = {
  /** Stream RTSS: signals accepted and not yet finished. Entry fields: `id`, `magic`, `body`, `at`, `ttl`. */
  readonly rtss: string;
  /** Stream RTRS: records; the entry id is `<number>-0`, its one field `record` holds JSON. */
  readonly rtrs: string;
  /** Hash: `number` (last record), `repeats`, `suspended`. */
  readonly account: string;
  /** Hash: `holder`, `epoch`, `beat`, `successor`; `seenAt`, `left` and `why` for the history. */
  readonly lease: string;
  /** Hash: the last changes of leader, a ring: `count`, and a row each; see leaders.ts. */
  readonly leaders: string;
  /** Hash: what people ask of the engine that leads, and its answers; `paused`. See wishes.ts. */
  readonly wishes: string;
  /** RTS. Hashes of JSON: command id → intent, position identifier → position, ticket → working order. */
  readonly intents: string;
  readonly positions: string;
  readonly orders: string;
  /** Sorted set: what was recorded once already (`deal:<ticket>`), scored by record number. */
  readonly recorded: string;
  /** RIS. Hash of JSON: terminal → what is known of it; `role` → terminal, epoch. */
  readonly instance: string;
  /** Hash: reader → position; written by readers before they act on, store or show what they read. */
  readonly marks: string;
  /** Hash: TradingView alerts of this account held back as repeats, and the window's memory. */
  readonly alerts: string;
  /** Hash per signal, keyed by its magic: `id`, `digest`, `body`, `state`, `at`, `ttl`, `steps`, `number`. */
  readonly signal: (magic: string) => string;
};

export function accountKeys(account: string): AccountKeys {
  const of = (name: string): string => `hf:{${account}}:${name}`;
  return {
    rtss: of('rtss'),
    rtrs: of('rtrs'),
    account: of('account'),
    lease: of('lease'),
    leaders: of('leaders'),
    wishes: of('wishes'),
    intents: of('intents'),
    positions: of('positions'),
    orders: of('orders'),
    recorded: of('recorded'),
    instance: of('instance'),
    marks: of('marks'),
    alerts: of('alerts'),
    signal: (magic) => of(`signal:${magic}`),
  };
}

/** RIS, system wide. Hash of JSON: node name → { kind, role, pid, endpoint, at, detail }. */
export const NODES_KEY = 'hf:nodes';

/** The in-sync record. Hash: `term`, `change`, `primary`, `members`, `writes`. */
export const IN_SYNC_KEY = 'hf:in-sync';

/** The last failovers, newest first. List of JSON, see failovers.ts. */
export const FAILOVERS_KEY = 'hf:failovers';
