/**
 * Which replica a leading Sentinel promotes, by its own view, which may be old (sentinel.c, sentinelSelectSlave):
 * its role is not asked, its offset is the one of the last INFO, and offsets are compared without their history.
 */
export type SeenInstance = {
  readonly address: string;
  /** When a PING was last answered, and when the last INFO came; on the Sentinel's clock. */
  lastPongMs: number;
  infoAtMs: number;
  role: 'master' | 'slave' | undefined;
  runId: string;
  offset: number;
  priority: number;
  /** Since when the replica says that its link to the primary is down; undefined while it is up. */
  linkDownSinceMs: number | undefined;
  /** Whom it says it follows, as `host:port`. */
  follows: string;
  /** Since when what it says of its role or its primary is not what this Sentinel expects. */
  strangeSinceMs: number | undefined;
  connected: boolean;
  /** Seen as down by this Sentinel when the choice is made. */
  isDown: boolean;
};

export type ChoiceSettings = {
  readonly downAfterMs: number;
  readonly pingMs: number;
  readonly infoMs: number;
};

/** The replica to promote, or undefined when none will do. `downSinceMs`: since when the primary is down, if it is. */
export function choosePromoted(
  replicas: readonly SeenInstance[],
  nowMs: number,
  downSinceMs: number | undefined,
  settings: ChoiceSettings,
): SeenInstance | undefined {
  const infoLimitMs = downSinceMs === undefined ? settings.infoMs * 3 : settings.pingMs * 5;
  const linkLimitMs = (downSinceMs === undefined ? 0 : nowMs - downSinceMs) + settings.downAfterMs * 10;
  const able = replicas.filter((replica) => {
    if (!replica.connected || replica.isDown || nowMs - replica.lastPongMs > settings.pingMs * 5)
      return false;
    if (replica.priority === 0 || nowMs - replica.infoAtMs > infoLimitMs) return false;
    return replica.linkDownSinceMs === undefined || nowMs - replica.linkDownSinceMs <= linkLimitMs;
  });
  able.sort((a, b) => a.priority - b.priority || b.offset - a.offset || (a.runId < b.runId ? -1 : 1));
  return able[0];
}

/** An instance of which nothing is known yet. */
export function unseen(address: string, nowMs: number): SeenInstance {
  return {
    address,
    lastPongMs: nowMs,
    infoAtMs: nowMs,
    role: undefined,
    runId: '',
    offset: 0,
    priority: 100,
    linkDownSinceMs: undefined,
    follows: '',
    strangeSinceMs: undefined,
    connected: false,
    isDown: false,
  };
}

/** Takes over what an INFO says. */
export function readInfo(instance: SeenInstance, text: string, nowMs: number): void {
  const line = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(text)?.[1];
  instance.infoAtMs = nowMs;
  instance.role = line('role') === 'master' ? 'master' : 'slave';
  instance.runId = line('run_id') ?? instance.runId;
  if (instance.role === 'master') {
    instance.follows = '';
    return;
  }
  instance.follows = `${line('master_host')}:${line('master_port')}`;
  instance.offset = Number(line('slave_repl_offset') ?? 0);
  instance.priority = Number(line('slave_priority') ?? 100);
  const down = line('master_link_status') === 'down';
  const seconds = Number(line('master_link_down_since_seconds') ?? 0);
  instance.linkDownSinceMs = down ? nowMs - Math.max(0, seconds) * 1000 : undefined;
}
