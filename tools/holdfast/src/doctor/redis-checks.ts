/**
 * What is wrong with Redis and what to do about it: who is primary, the in-sync set, each node. Pure; the evidence was
 * gathered before, and a reason from a node's own log comes with it.
 */
import { type InSyncRecord, isNewer, NO_RECORD, profile } from '@holdfast/ha-core';
import type { Configuration } from '@holdfast/configuration';
import { endpointName } from '@holdfast/redis';
import type { NodeEvidence } from '../redis/node-evidence.ts';
import { presentPrimary, type TopologyReading } from '../redis/read-topology.ts';
import { type Check, fail, ok, warn } from './check.ts';
import { diskChecks, memoryChecks } from './node-info-checks.ts';
import { type PutAside, putAsideChecks } from './put-aside.ts';

export type RedisEvidence = TopologyReading & {
  readonly redis: Configuration['redis'];
  readonly profile: Configuration['profile'];
  /** What a node's log says of why it does not run or cannot write; undefined when it says nothing that is known. */
  readonly reasonInLog: (node: string) => string | undefined;
  /** Damaged data that was put aside in a node's folder, newest first. */
  readonly putAside: (node: string) => readonly PutAside[];
};

const CLOCK_OFF_MS = 1000;
const LAG_MS = 1000;

/** The findings, those of the whole first. */
export function redisChecks(evidence: RedisEvidence): readonly Check[] {
  return [
    ...primaryChecks(evidence),
    setCheck(evidence),
    ...recordChecks(evidence),
    ...evidence.nodes.flatMap((node) => nodeChecks(node, evidence)),
  ];
}

function namer({ redis }: RedisEvidence): (endpoint: string) => string {
  const names = new Map([...redis.nodes, ...redis.sentinels].map((one) => [endpointName(one), one.name]));
  return (endpoint) => names.get(endpoint) ?? endpoint;
}

/** Exactly one node says that it is primary. */
function primaryChecks(evidence: RedisEvidence): readonly Check[] {
  const claiming = evidence.nodes.filter(({ role }) => role?.is === 'primary');
  const present = presentPrimary(evidence.nodes);
  if (present === undefined) {
    const { waits } = evidence.topology;
    if (waits === null) {
      return [
        fail(
          'primary',
          'no node is primary: nothing is accepted',
          'start the Redis nodes and their wardens; at a cold start the wardens choose the newest data',
        ),
      ];
    }
    return [
      fail(
        'primary',
        `no node is primary: ${waits.why}`,
        `start ${waits.missing.map(namer(evidence)).join(' and ')} with its data; only if it is lost for good: holdfast redis recover shows what that costs`,
      ),
    ];
  }
  if (claiming.length === 1) return [];
  const names = claiming.map(
    ({ node, record }) =>
      `${node.name} (term ${record?.term ?? 0}, its record speaks for ${record?.primary ? namer(evidence)(record.primary) : 'nobody'})`,
  );
  return [
    fail(
      'primary',
      `${claiming.length} nodes say that they are primary: ${names.join(', ')}; ${present.node.name} is the later one`,
      `the other acknowledges nothing, and its warden makes it follow within a second; if it stays, look whether that warden runs and reaches ${present.node.name}, or restart the node: it starts as a replica`,
    ),
  ];
}

/** How safe writes are. */
function setCheck(evidence: RedisEvidence): Check {
  const { inSync, primary } = evidence.topology;
  const nameOf = namer(evidence);
  const needed = inSync.needed.map(nameOf).join(', ');
  const where = `term ${inSync.term}, change ${inSync.change}`;
  if (primary === null) return fail('in-sync set', 'none: there is no primary', 'see primary above');
  switch (inSync.level) {
    case 'full':
      return ok('in-sync set', `full: ${needed} (${where})`);
    case 'degraded':
      return warn(
        'in-sync set',
        `DEGRADED: ${needed} alone (${where})`,
        'one more loss stops trading: bring the other node back; it joins by itself once it has caught up',
      );
    case 'none':
      return fail(
        'in-sync set',
        `none: nothing is acknowledged (${needed === '' ? 'no replica is in it' : `of ${needed} at least one is not connected`}; ${where})`,
        `start the replicas and their wardens, and look at their lines below`,
      );
  }
}

/** The record on the primary speaks for it and names nodes that exist; replicas that follow hold no older one. */
function recordChecks(evidence: RedisEvidence): readonly Check[] {
  const present = presentPrimary(evidence.nodes);
  const record = present?.record;
  if (present === undefined || record === undefined) return [];
  const own = endpointName(present.node);
  const known = new Set(evidence.redis.nodes.map(endpointName));
  const strangers = record.members.filter((member) => !known.has(member));
  const found: Check[] = [];
  if (record.primary !== own) {
    found.push(
      fail(
        'in-sync record',
        `on ${present.node.name} it speaks for ${record.primary === '' ? 'nobody yet' : namer(evidence)(record.primary)} (term ${record.term})`,
        `nothing is acknowledged before ${present.node.name} has claimed it: its warden does so as soon as a replica follows; look whether it runs`,
      ),
    );
  }
  if (strangers.length > 0) {
    found.push(
      fail(
        'in-sync record',
        `names ${strangers.join(', ')}, which the configuration does not`,
        'the addresses of nodes were changed while the data stayed: give the node its old address again until the set has shrunk',
      ),
    );
  }
  for (const { node, role, record: held } of evidence.nodes) {
    const follows = role?.is === 'replica' && role.link === 'connected' && role.of === own;
    if (follows && isOld(held ?? NO_RECORD, record)) {
      found.push(
        warn(
          node.name,
          `holds an old set record (term ${held?.term ?? 0}, change ${held?.change ?? 0}; the primary has term ${record.term}, change ${record.change})`,
          'it is still catching up; if that lasts, look into its log',
        ),
      );
    }
  }
  return found;
}

/** Of the same (term, change) the number of rounds may differ by what is on its way. */
function isOld(held: InSyncRecord, present: InSyncRecord): boolean {
  return isNewer({ ...present, writes: 0 }, { ...held, writes: 0 });
}

function nodeChecks(one: NodeEvidence, evidence: RedisEvidence): readonly Check[] {
  const { node, refuses, clockAheadMs } = one;
  const aside = putAsideChecks(node.name, evidence.putAside(node.name));
  if (refuses !== undefined) return [refusal(one, evidence), ...aside];
  const found: Check[] = [...aside, ...diskChecks(one), ...memoryChecks(one, profile(evidence.profile))];
  if (clockAheadMs !== undefined && Math.abs(clockAheadMs) > CLOCK_OFF_MS) {
    const by = `${(Math.abs(clockAheadMs) / 1000).toFixed(1)} s ${clockAheadMs > 0 ? 'ahead of' : 'behind'}`;
    found.push(
      warn(
        node.name,
        `its wall clock is ${by} this machine's`,
        'set the clocks by NTP on all machines: nothing is decided by them, but times in records and logs are wrong',
      ),
    );
  }
  found.push(...replicaChecks(one, evidence));
  if (found.length > 0) return found;
  const { role } = one;
  const what = role?.is === 'replica' ? 'replica, in sync, promotable' : (role?.is ?? 'no role');
  return [ok(node.name, `${what} (${endpointName(node)})`)];
}

/** Why a replica is not one that an acknowledgement needs, or is late. */
function replicaChecks({ node, role }: NodeEvidence, evidence: RedisEvidence): readonly Check[] {
  const { topology, redis } = evidence;
  const view = topology.nodes.find(({ name }) => name === node.name);
  if (role?.is !== 'replica' || view === undefined || topology.primary === null) return [];
  const nameOf = namer(evidence);
  if (role.of !== topology.primary) {
    return [
      fail(
        node.name,
        `follows ${nameOf(role.of)}, and ${nameOf(topology.primary)} is the primary`,
        'its warden corrects that within a second: look whether it runs',
      ),
    ];
  }
  if (role.link !== 'connected') {
    return [
      fail(
        node.name,
        `its link to ${nameOf(role.of)} is not up (${role.link})`,
        'look into its log: the network, the password of replication, or a copy of the data that is under way',
      ),
    ];
  }
  const found: Check[] = [];
  const warden = redis.wardens.find((one) => one.node === node.name);
  const answers = topology.wardens.find(({ name }) => name === warden?.name)?.answers === true;
  if (!view.inSync || view.priority === 0) {
    const what = view.inSync
      ? 'in the set, and not promotable yet (priority 0)'
      : `not in the in-sync set (priority ${view.priority ?? 'unknown'})`;
    const why = answers
      ? 'it joins by itself once it keeps up; if that lasts, its disk or network is too slow'
      : `only its warden ${warden?.name ?? ''} lets it join, and that does not answer: start it`;
    found.push(warn(node.name, what, why));
  }
  if (view.lagMs !== null && view.lagMs > LAG_MS) {
    found.push(
      warn(
        node.name,
        `${(view.lagMs / 1000).toFixed(1)} s (${view.lagBytes ?? '?'} bytes) behind ${nameOf(role.of)}`,
        'each write waits for it while it is in the set: look at its disk, CPU and network',
      ),
    );
  }
  return found;
}

/** A node that does not answer, or answers and lets nobody in. */
function refusal({ node, refuses = '' }: NodeEvidence, { reasonInLog }: RedisEvidence): Check {
  const at = `${node.name} (${endpointName(node)})`;
  if (/\bWRONGPASS\b/.test(refuses)) {
    return fail(
      at,
      'refuses the password (WRONGPASS)',
      'the secret file and the running node differ: restart the node, so that it reads the file',
    );
  }
  if (/\bNOAUTH\b/.test(refuses)) {
    return fail(
      at,
      'asks for a password, and the configuration names none (NOAUTH)',
      'name redis.users or redis.passwordFile in the configuration, as the node has it',
    );
  }
  if (/\bNOPERM\b/.test(refuses)) {
    return fail(
      at,
      `lets the user in and refuses commands (NOPERM): ${refuses}`,
      'restart the node, so that it takes the users of the present version',
    );
  }
  const reason = reasonInLog(node.name);
  if (reason !== undefined) return fail(at, `does not answer; its log says: ${reason}`, adviceFor(reason));
  return fail(
    at,
    `does not answer: ${refuses}`,
    `start it; why it ended is in its log, of a local cluster logs/${node.name}.log in the state folder`,
  );
}

/** What to do about a reason in a log. */
export function adviceFor(reason: string): string {
  if (/no space left/i.test(reason))
    return 'the disk is full: make room, then start it; it copies what it missed from the primary';
  if (/AOF write error/i.test(reason))
    return 'its disk is full or fails: make room or replace it, then start it';
  if (/append only file|appendonly|AOF|RDB|DB loaded|Short read/i.test(reason)) {
    return 'its data is damaged: while another node has the data, put its data folder aside and start it, then it copies everything; only if it is the last one: redis-check-aof --fix';
  }
  if (/address already in use/i.test(reason)) return 'another process has its port: end that one';
  if (/read-only file system|input\/output error/i.test(reason))
    return 'its disk fails: replace it; the node copies everything from the primary';
  return 'see its log';
}
