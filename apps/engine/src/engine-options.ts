/** What an engine is told when it is started: by main.ts, or by a test or simulation in its place. */
import type {
  BrokerLogin,
  Endpoint,
  MarginMode,
  Profile,
  ReconciliationReport,
  TakeoverCause,
} from '@holdfast/ha-core';
import type { FunctionCall } from '@holdfast/redis';

export type EngineAccount = {
  readonly account: string;
  readonly margin: MarginMode;
  readonly bridgeSecret: string;
  /** Without it, the login that the account was traded through first. */
  readonly login?: BrokerLogin | undefined;
};

export type EngineOptions = {
  readonly engine: string;
  readonly numbers: Profile;
  readonly nodes: readonly Endpoint[];
  readonly bridge: Endpoint;
  readonly peer: Endpoint;
  /** All engines of the cluster in the order of the configuration, this one included. */
  readonly engines: readonly { readonly engine: string; readonly endpoint: Endpoint }[];
  readonly accounts: readonly EngineAccount[];
  /** HMAC with the cluster's secret, and comparison in constant time. */
  readonly proof: (text: string) => string;
  readonly equal: (a: string, b: string) => boolean;
  /** 16 random bytes as hex. */
  readonly nonce: () => string;
  /** What RIS says of this process besides its role: pid, endpoint. */
  readonly announce: Readonly<Record<string, unknown>>;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
  readonly onResult?: (account: string, outcome: string, tookMs: number) => void;
  readonly onRound?: (calls: number, tookMs: number) => void;
  /** An acknowledged write was not there after a change of primary: an alarm. */
  readonly onMissing?: (call: FunctionCall) => void;
  readonly onTakeover?: (account: string, cause: TakeoverCause) => void;
  /** People must know of it; the log has the details. */
  readonly onNotice?: (account: string, what: string) => void;
  /** A report of what the terminal lists against what we hold stands in RIS. */
  readonly onReconciled?: (account: string, report: ReconciliationReport) => void;
};
