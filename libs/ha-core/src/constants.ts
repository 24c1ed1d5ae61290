/**
 * The one table of the seed's numbers and ours. Every row: unit, where the seed says it, why ours differs.
 * Everything else (configurations, units, stacks, docs) derives from it. Two profiles: `fast` is the default and
 * reaches the promised recovery times; `seed` is the seed's document word by word (ARCHITECTURE section 1).
 */
export type ProfileName = 'fast' | 'seed';

type Row = {
  readonly seed: number;
  readonly fast: number;
  readonly unit: 'ms' | 'count' | 's' | 'percent' | 'bytes';
  readonly section: string;
  readonly reason: string;
};

const row = (seed: number, fast: number, unit: Row['unit'], section: string, reason: string): Row => ({
  seed,
  fast,
  unit,
  section,
  reason,
});

export const TABLE = {
  engineBeatMs: row(1000, 150, 'ms', '3.1', 'a beat of 1 s and a limit of 3 s use up the whole 3 s'),
  engineLeaseMs: row(
    3000,
    1200,
    'ms',
    '3.1',
    'freeze or host loss ≤ 2 s needs a watch of 1.2 s and a takeover',
  ),
  engineSelfStopMs: row(2500, 900, 'ms', '3.1', 'the holder stops by itself before anyone may take over'),
  brokerWatchMs: row(1000, 1000, 'ms', '4.2', 'session monitoring every second'),
  brokerRetryMs: row(3000, 3000, 'ms', '3.2', 'reconnection attempt every 3 s'),
  brokerAttemptsToBackup: row(5, 5, 'count', '3.2', 'then the backup connection, or notify'),
  brokerAttemptsToSuspend: row(10, 10, 'count', '3.7', 'then notify and suspend signals'),
  /** 0 means at once: `fast` switches to a live backup as soon as the primary is fenced or proven dead. */
  brokerBackupAtOnce: row(0, 1, 'count', '3.2', 'five retries of 3 s miss the broker RTO of 5 s'),
  sentinelDownAfterMs: row(
    3000,
    400,
    'ms',
    '3.3',
    'down-after 3000 measured 4.3 s; twice 400 and a member that is cut off is out within 1 s',
  ),
  sentinelDownAfterPressedMs: row(
    3000,
    1500,
    'ms',
    '3.3',
    'instead of the above while a machine is short of processors: there a node is silent for 0.5 s, and is not gone',
  ),
  sentinelFailoverTimeoutMs: row(5000, 2000, 'ms', '3.3', 'a split vote is retried after twice this time'),
  sentinelParallelSyncs: row(1, 2, 'count', '3.3', 'both replicas must hold every acknowledged write'),
  sentinelQuorum: row(2, 2, 'count', '3.3', 'majority of three'),
  /** 0 means that wardens do not detect: Sentinel's own timer alone, as in the seed. */
  wardenProbeMs: row(
    0,
    25,
    'ms',
    '3.3',
    'down-after alone misses the RTO of 1 s (measured 1.4 s at the least)',
  ),
  wardenProbeLimitMs: row(125, 125, 'ms', '3.3', 'two of them outlast a pause of 0.2 s, which is no failure'),
  wardenMisses: row(2, 2, 'count', '3.3', 'one late answer is no failure'),
  redisTcpBacklog: row(1024, 1024, 'count', '4.1', 'as the seed'),
  redisTcpKeepaliveS: row(300, 300, 's', '4.1', 'as the seed; our own deadlines detect long before'),
  redisOpensRefusedPercent: row(70, 70, 'percent', '4.1', 'opening signals get 503 from here on'),
  redisRestartDelayMs: row(
    3000,
    500,
    'ms',
    '4.4',
    'the start gate makes a quick restart harmless; without wardens it stays above down-after',
  ),
  snapshotEveryMs: row(60_000, 60_000, 'ms', '3.4', 'every minute'),
  snapshotsKept: row(10, 10, 'count', '4.3', 'the last 10'),
  syncEveryMs: row(500, 200, 'ms', '2', 'RPO 0.5 s for DuckDB; ours ≤ 250 ms behind'),
  failedSyncRetryMs: row(5000, 5000, 'ms', '3.4', 'every 5 s, with back-off'),
  restartDelayMs: row(3000, 200, 'ms', '4.4', 'RestartSec=3 alone uses up the 3 s of engine and backend'),
} as const satisfies Record<string, Row>;

export type Profile = { readonly [Name in keyof typeof TABLE]: number } & { readonly name: ProfileName };

/** The numbers of one profile. */
export function profile(name: ProfileName): Profile {
  const values = Object.fromEntries(Object.entries(TABLE).map(([key, value]) => [key, value[name]]));
  return { name, ...(values as { [Name in keyof typeof TABLE]: number }) };
}

/** Numbers that no profile changes. Ours alone; each with its reason. */
export const LIMITS = {
  /** One group of the acknowledged write; measured: gains end near 128. */
  groupCallsMax: 128,
  /** Calls that may wait for a group before new ones are refused (503): about a second of work. */
  waitingCallsMax: 8192,
  /** One pipeline with its WAIT must be answered in this time, else it is unknown. */
  acknowledgeDeadlineMs: 1000,
  /** How long the backend waits for an acknowledgement before it answers 504. */
  acceptanceDeadlineMs: 3000,
  /** How long a read that cannot be acknowledged is tried again. */
  readWithinMs: 1500,
  /** A single non-blocking command on a Redis node. */
  commandDeadlineMs: 500,
  dialDeadlineMs: 400,
  /** A warden's vote for a failover: longer than one takes, shorter than Sentinel's own retry. */
  wardenVoteMs: 1500,
  /** A replica whose link is down so long, while Sentinels see the primary up, gives up being promotable. */
  replicaLinkDownMs: 300,
  /**
   * A member that is cut off with its warden and its Sentinel is not promotable for that one any more: up to 425 ms until
   * its warden sees that nobody is there, and 250 ms until the Sentinel asks for INFO again.
   */
  loweredAloneMs: 700,
  /** How long all nodes must have been without a primary before the data decides who becomes it. */
  coldStartAfterMs: 600,
  /** Ids are remembered this long (I2). */
  horizonMs: 30 * 24 * 3600 * 1000,
  /** Default life of an opening, modifying or cancelling signal; closes live a day, because they reduce risk. */
  ttlMs: 60_000,
  closeTtlMs: 86_400_000,
  /** Largest HTTP body. */
  bodyBytesMax: 64 * 1024,
  /** Attempts at the broker per signal, each after a certain NO. */
  attemptsMax: 5,
  attemptPauseMs: 100,
  /** First pause of a whole account after the broker counted too many requests; doubles with each refusal. */
  tooManyPauseMs: 1000,
  /** A signal whose symbol does not trade is tried again, at most so long after the last time. */
  parkedPauseMsMax: 60_000,
  /** A terminal that must not trade is left alone for so long. */
  notTradableMs: 10_000,
  /** Longest that a terminal may be silent while idle, and while OrderSend blocks its one thread. */
  terminalSilenceMs: 3000,
  terminalBlockedMs: 30_000,
  /** An unknown outcome is looked up on this schedule. */
  lookUpFirstMs: 250,
  lookUpEveryMsMax: 5000,
} as const;

/** Back-off: doubles from `firstMs` to `mostMs`, with up to a quarter of jitter taken off by `chance` in [0, 1). */
export function backOffMs(attempt: number, firstMs: number, mostMs: number, chance: number): number {
  const full = Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 30));
  return full * (1 - 0.25 * chance);
}

/** Relations that the table must keep; each with what would break. Checked at import. */
export function assertRelations(numbers: Profile): void {
  const hold = (condition: boolean, why: string): void => {
    if (!condition) throw new Error(`profile ${numbers.name}: ${why}`);
  };
  hold(numbers.engineBeatMs * 3 <= numbers.engineLeaseMs, 'two lost beats must not cost the lease');
  hold(numbers.engineSelfStopMs < numbers.engineLeaseMs, 'a holder must stop before another may take over');
  hold(numbers.engineBeatMs * 2 <= numbers.engineSelfStopMs, 'one lost beat must not stop the holder');
  hold(
    numbers.brokerAttemptsToBackup < numbers.brokerAttemptsToSuspend,
    'the backup comes before suspension',
  );
  hold(
    numbers.wardenProbeMs === 0 ||
      numbers.wardenProbeLimitMs * numbers.wardenMisses < numbers.sentinelDownAfterMs,
    'wardens must be done before Sentinel begins a failover of its own',
  );
  hold(
    numbers.sentinelDownAfterMs <= numbers.sentinelDownAfterPressedMs,
    'pressure must not make anybody less patient',
  );
  hold(
    numbers.wardenProbeMs > 0 || numbers.redisRestartDelayMs >= numbers.sentinelDownAfterMs,
    'without wardens a restart must not race the failover',
  );
  hold(numbers.syncEveryMs <= 500, 'DuckDB may be 0.5 s behind at most');
}

assertRelations(profile('fast'));
assertRelations(profile('seed'));
