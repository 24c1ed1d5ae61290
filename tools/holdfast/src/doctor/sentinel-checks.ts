/** What is wrong with the Sentinels and the wardens: without them a lost primary is not replaced, or late. */
import { endpointName } from '@holdfast/redis';
import type { SentinelEvidence } from '../redis/node-evidence.ts';
import { type Check, fail, ok, warn } from './check.ts';
import type { RedisEvidence } from './redis-checks.ts';

/** Whether they agree, then each on its own. */
export function sentinelChecks(evidence: RedisEvidence): readonly Check[] {
  return [
    ...disagreement(evidence),
    ...pausing(evidence),
    ...evidence.sentinels.flatMap((one) => sentinelCheck(one, evidence)),
  ];
}

function namer({ redis }: RedisEvidence): (endpoint: string) => string {
  const names = new Map([...redis.nodes, ...redis.sentinels].map((one) => [endpointName(one), one.name]));
  return (endpoint) => names.get(endpoint) ?? endpoint;
}

function disagreement(evidence: RedisEvidence): readonly Check[] {
  const named = evidence.sentinels.flatMap(({ node, names }) =>
    names === undefined ? [] : [{ node: node.name, names }],
  );
  const all = [...new Set(named.map(({ names }) => names))];
  if (all.length < 2) return [];
  const nameOf = namer(evidence);
  const groups = all.map((one) => {
    const by = named.filter(({ names }) => names === one).map(({ node }) => node);
    return `${by.join(' and ')} ${by.length === 1 ? 'names' : 'name'} ${nameOf(one)}`;
  });
  return [
    fail(
      'sentinels',
      `they disagree about the primary: ${groups.join('; ')}`,
      'they settle it within seconds; if it stays, one of them does not reach the others: look at the network, then restart the one that is alone',
    ),
  ];
}

/** So many pause that no majority is left to vote. */
function pausing({ sentinels }: RedisEvidence): readonly Check[] {
  const paused = sentinels.filter(({ tiltForS }) => tiltForS !== undefined).map(({ node }) => node.name);
  if (paused.length === 0 || (sentinels.length - paused.length) * 2 > sentinels.length) return [];
  return [
    fail(
      'sentinels',
      `${paused.join(' and ')} pause after a jump of the clock (TILT): without a majority nothing can be promoted`,
      'they go on by themselves; until then a lost primary is not replaced: find out what moved the clocks or froze the machines',
    ),
  ];
}

function sentinelCheck(one: SentinelEvidence, evidence: RedisEvidence): readonly Check[] {
  const { node, refuses, names, quorum, flags, replicas, tiltForS } = one;
  const nameOf = namer(evidence);
  const known = new Set(evidence.redis.nodes.map(endpointName));
  if (refuses !== undefined) {
    const password = /WRONGPASS|NOAUTH|NOPERM/.exec(refuses)?.[0];
    const reason = password === undefined ? evidence.reasonInLog(node.name) : undefined;
    const what =
      password === undefined ? `does not answer: ${reason ?? refuses}` : `refuses the password (${password})`;
    return [
      fail(
        node.name,
        what,
        password === undefined
          ? 'start it: without a majority of Sentinels a lost primary is not replaced'
          : 'the secret file and the running Sentinel differ: restart it, so that it reads the file',
      ),
    ];
  }
  const found: Check[] = [];
  if (names !== undefined && !known.has(names)) {
    found.push(
      fail(
        node.name,
        `names ${names} as primary, a node that does not exist in the configuration`,
        'restart it: its file is written anew where it names an unknown node',
      ),
    );
  }
  const strangers = [...replicas.keys()].filter((endpoint) => !known.has(endpoint));
  if (strangers.length > 0) {
    found.push(
      warn(
        node.name,
        `knows ${strangers.join(', ')} as ${strangers.length === 1 ? 'a replica' : 'replicas'}, which the configuration does not name`,
        `it could promote it: end what runs there, then SENTINEL RESET ${evidence.redis.primaryName} on this Sentinel`,
      ),
    );
  }
  if (quorum !== undefined && !quorum.reached) {
    found.push(
      fail(
        node.name,
        `no quorum: ${quorum.said}`,
        'start the missing Sentinels: without a majority a lost primary is not replaced',
      ),
    );
  }
  if (tiltForS !== undefined) {
    found.push(
      warn(
        node.name,
        `pauses since ${tiltForS} s, because its clock jumped or its machine stood still (TILT): it takes no part in a failover`,
        'it goes on by itself; where it comes again, let NTP move clocks in small steps, and see what stops the machine',
      ),
    );
  }
  const down = flags.filter((flag) => flag.endsWith('_down'));
  if (down.length > 0 && names !== undefined && known.has(names)) {
    found.push(
      warn(
        node.name,
        `sees ${nameOf(names)} as down (${down.join(', ')})`,
        'a failover follows, if the others see it too',
      ),
    );
  }
  return found.length > 0 ? found : [ok(node.name, `names ${nameOf(names ?? '')}; ${quorum?.said ?? ''}`)];
}

/** Each warden, and whether enough of them are there to agree. */
export function wardenChecks({ topology, redis }: RedisEvidence): readonly Check[] {
  const { wardens } = topology;
  if (redis.wardens.length === 0) {
    return [
      fail(
        'wardens',
        'the configuration has none',
        'add redis.wardens, one for each Redis node: without them no replica is ever promotable',
      ),
    ];
  }
  const missing = wardens.filter(({ answers }) => !answers);
  const few = wardens.length - missing.length < 2;
  return [
    ...(few && missing.length > 0
      ? [
          fail(
            'wardens',
            `${wardens.length - missing.length} of ${wardens.length} answer: two must agree before they act`,
            'a lost primary is then replaced by Sentinel alone, more slowly; start the others',
          ),
        ]
      : []),
    ...wardens.map(({ name, node, answers, detail }) =>
      answers
        ? ok(name, `beside ${node}, ${detail}`)
        : warn(
            name,
            `is missing: ${detail}`,
            `start it: until then ${node} neither joins the set nor is corrected, and keeps the priority that it has`,
          ),
    ),
  ];
}
