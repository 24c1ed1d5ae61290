/**
 * A node or another Sentinel as one Sentinel sees it: what it last said, and since when it says so. Times are whole
 * milliseconds of the Sentinel's wall clock, as in the real one; 0 stands for "never".
 */
import type { InstanceLink } from './link.ts';

export type InstanceKind = 'primary' | 'replica' | 'sentinel';

export type Instance = {
  readonly kind: InstanceKind;
  readonly address: string;
  readonly link: InstanceLink;
  /** When a hello was last sent to it. */
  helloSentMs: number;
  /** Since when it is down; 0 while it is up. `lastDownMs`: when it went down last, whether or not it is up again. */
  downSinceMs: number;
  lastDownMs: number;
  agreedDownSinceMs: number;
  /** Of a Redis node: what its last INFO said. */
  runId: string;
  infoAtMs: number;
  role: 'master' | 'slave';
  roleSinceMs: number;
  priority: number;
  offset: number;
  /** How long it says that its link to its primary is down: 0 while it is up, -1000 when it never was. */
  linkDownMs: number;
  linkUp: boolean;
  follows: string;
  followsSinceMs: number;
  /** Of the replica that is being promoted, and of those that are told to follow it. */
  promoted: boolean;
  told: 'no' | 'sent' | 'in progress' | 'done';
  toldAtMs: number;
  /** Of another Sentinel: its id, its vote, and whether it said lately that the primary is down. */
  id: string;
  leader: string;
  leaderEpoch: number;
  saysDown: boolean;
  saidAtMs: number;
};

/** The priority of a replica of which no INFO has come: it counts as promotable, but for its missing INFO. */
const UNKNOWN_PRIORITY = 100;

/** An instance of which nothing is known yet. */
export function freshInstance(
  kind: InstanceKind,
  address: string,
  link: InstanceLink,
  nowMs: number,
): Instance {
  return {
    kind,
    address,
    link,
    helloSentMs: nowMs,
    downSinceMs: 0,
    lastDownMs: 0,
    agreedDownSinceMs: 0,
    runId: '',
    infoAtMs: 0,
    role: kind === 'primary' ? 'master' : 'slave',
    roleSinceMs: nowMs,
    priority: UNKNOWN_PRIORITY,
    offset: 0,
    linkDownMs: 0,
    linkUp: false,
    follows: '',
    followsSinceMs: nowMs,
    promoted: false,
    told: 'no',
    toldAtMs: 0,
    id: '',
    leader: '',
    leaderEpoch: 0,
    saysDown: false,
    saidAtMs: nowMs,
  };
}

/**
 * Takes over what an INFO says. A node that says that it is a primary tells neither its priority nor an offset as a
 * replica: what it said before stays.
 */
export function readInfo(instance: Instance, text: string, nowMs: number): void {
  const lines = infoLines(text);
  const role = lines.get('role') === 'master' ? 'master' : 'slave';
  instance.runId = lines.get('run_id') ?? instance.runId;
  instance.infoAtMs = nowMs;
  instance.linkDownMs = Number(lines.get('master_link_down_since_seconds') ?? 0) * 1000;
  if (role === 'slave') {
    const follows = `${lines.get('master_host')}:${lines.get('master_port')}`;
    if (follows !== instance.follows) {
      instance.follows = follows;
      instance.followsSinceMs = nowMs;
    }
    instance.linkUp = lines.get('master_link_status') === 'up';
    instance.priority = Number(lines.get('slave_priority') ?? instance.priority);
    instance.offset = Number(lines.get('slave_repl_offset') ?? instance.offset);
  }
  if (role === instance.role) return;
  instance.role = role;
  instance.roleSinceMs = nowMs;
  if (role === 'slave') instance.followsSinceMs = nowMs;
}

function infoLines(text: string): ReadonlyMap<string, string> {
  const lines = new Map<string, string>();
  for (const line of text.split('\r\n')) {
    const at = line.indexOf(':');
    if (at > 0) lines.set(line.slice(0, at), line.slice(at + 1));
  }
  return lines;
}
