/** Planted bugs of the acknowledged write, the in-sync set, the start gate and the client library (I1). */
import type { PlantedBug } from './rows.ts';

const CONFIRMATION = 'libs/redis/src/confirmation.ts';
const REACHED = 'if (reachedBy(needed, before.offset, after.replicas)) return { outcome: true, record };';
const MEMBERSHIP = 'apps/warden/src/membership.ts';

/** Faults in which a replica is late or gone, and another one makes up a count. */
const A_REPLICA_IS_LATE = [
  'slow link to a replica',
  'replica frozen',
  'replica restarted at once',
  'replica killed',
];

export const IN_SYNC_SET: readonly PlantedBug[] = [
  {
    breaks: 'I1: WAIT by count, whoever the replicas are that make it up',
    file: CONFIRMATION,
    find: REACHED,
    replace:
      'const has = after.replicas.filter(({ offset }) => offset >= before.offset).length;\n' +
      '    if (needed.length > 0 && has >= needed.length) return { outcome: true, record };',
    caughtBy: 'in-sync-set',
    says: 'I1',
    faults: A_REPLICA_IS_LATE,
  },
  {
    breaks: 'I1: acknowledged before WAIT, as soon as the primary has it',
    file: CONFIRMATION,
    find: REACHED,
    replace: 'return { outcome: true, record };',
    caughtBy: 'in-sync-set',
    says: 'I1',
    faults: A_REPLICA_IS_LATE,
  },
  {
    breaks: 'I1: WAIT for one only, although two may be promoted',
    file: CONFIRMATION,
    find: REACHED,
    replace:
      'if (needed.some((one) => reachedBy([one], before.offset, after.replicas))) return { outcome: true, record };',
    caughtBy: 'in-sync-set',
    says: 'I1',
    faults: ['primary lost behind a slow link', 'replica frozen'],
  },
  {
    breaks: 'I1: ROLE is not checked: a node that was demoted in the middle of a round has acknowledged it',
    file: CONFIRMATION,
    find: "if (before.is !== 'primary' || after.is !== 'primary') return failed('no longer the primary');",
    replace: "if (before.is !== 'primary' || after.is !== 'primary') return { outcome: true, record };",
    // In the simulation the connection is gone by then: two checks stand one behind the other.
    caughtBy: 'unit',
    tests: 'libs/redis/src/confirmation.test.ts',
    says: 'by a node that is demoted meanwhile',
  },
  {
    breaks: 'I1: no start gate: a node starts as what its disk says',
    file: 'apps/warden/src/gate.ts',
    find: 'const { replicaOf, why } = decideStart({ self, nodes, sentinels, words });',
    replace:
      'const { why } = decideStart({ self, nodes, sentinels, words });\n  const replicaOf = undefined;',
    caughtBy: 'in-sync-set',
    says: 'I1',
    faults: ['primary restarted at once', 'primary restarted empty'],
  },
  {
    breaks: 'I1: a replica has another priority than the others: Sentinel prefers it, whatever it has',
    file: 'apps/warden/src/own-node.ts',
    find: "[['CONFIG', 'SET', 'replica-priority', String(priority)]]",
    replace:
      "[['CONFIG', 'SET', 'replica-priority', String(priority === 100 && endpoint.port % 2 === 0 ? 50 : priority)]]",
    caughtBy: 'in-sync-set',
    says: 'the priority of redis-2',
  },
  {
    breaks: 'I1: a repeat is sent by the client library itself, after the connection was lost',
    file: 'libs/redis/src/node.ts',
    find: 'autoResendUnfulfilledCommands: false,',
    replace: 'autoResendUnfulfilledCommands: true,',
    also: [
      {
        file: 'libs/redis/src/node.ts',
        find: 'retryStrategy: () => null,',
        replace: 'retryStrategy: () => 20,',
      },
      {
        file: 'libs/redis/src/node.ts',
        find: 'maxRetriesPerRequest: 0,',
        replace: 'maxRetriesPerRequest: null,',
      },
    ],
    caughtBy: 'contract, real',
    says: 'what was under way when the connection was lost is not sent again',
  },
  {
    breaks: 'I10: a connection that was given up is kept until the client library tells of its end',
    file: 'libs/redis/src/node.ts',
    find: 'setTimeout(() => leave(`no answer within ${deadlineMs} ms`), deadlineMs);',
    replace: 'setTimeout(() => client.disconnect(), deadlineMs);',
    caughtBy: 'contract, real',
    says: 'one that does not answer in time is closed at that moment, with the reason',
  },
  {
    breaks: 'I10: readers stay at a primary that is frozen, though the writer has found the next one',
    file: 'libs/redis/src/primary-connection.ts',
    find: '!== endpointName(primary)) node.close();',
    replace: '!== endpointName(primary)) return;',
    caughtBy: 'scenario',
    tests: 'tests/sim/bad-weather.sim.test.ts',
    says: 'holds up execution no longer than the failover',
  },
  {
    breaks: 'I10: a node that a person chose is held by its own warden, because the set had left it out',
    file: 'apps/warden/src/cold-start.ts',
    find: 'if (givenUp !== undefined) situation.letLead(own.name);',
    replace: '',
    caughtBy: 'unit',
    tests: 'apps/warden/src/cold-start.test.ts',
    says: 'keeps to what a person has decided until there is a primary',
  },
  {
    breaks:
      'I10: without a detector nobody suspects a primary that came back as none: the Sentinels name it for 20 s more',
    file: 'apps/warden/src/suspicion.ts',
    find: 'if (!options.detects) return namedAndHeld();',
    replace: 'if (!options.detects) return undefined;',
    caughtBy: 'scenario',
    tests: 'tests/sim/undetected.sim.test.ts',
    says: 'it is replaced all the same',
  },
  {
    breaks: 'I10: the set never shrinks: nothing is written while a replica is gone',
    file: 'apps/warden/src/exclusion.ts',
    find: "if (verdict.is === 'safe') return exclude(present, found.name, found.why);",
    replace: "if (verdict.is === 'safe') return;",
    caughtBy: 'in-sync-set',
    says: 'with one node gone',
    faults: ['replica killed', 'replica machine lost'],
  },
  {
    breaks:
      'I1: the set shrinks on the word of a majority of Sentinels, while one could still choose the node',
    file: 'libs/ha-core/src/in-sync-set/exclusion.ts',
    find: 'if (replica !== undefined && couldChoose(replica)) {',
    replace:
      'const choosing = seen.filter((one) => one.view.replicas.some((row) => row.endpoint === member && couldChoose(row)));\n' +
      '    if (choosing.length * 2 > sights.length) {',
    caughtBy: 'unit',
    tests: 'libs/ha-core/src/in-sync-set/exclusion.test.ts',
    says: 'when one could choose it, though the majority could not',
  },
  {
    breaks: 'I1: a priority that a Sentinel was told of before the member joined lets it leave the set',
    file: 'libs/ha-core/src/in-sync-set/exclusion.ts',
    find: 'if (replica !== undefined && isByPriority(replica) && !isSince(replica, joinedBeforeMs)) {',
    replace: 'if (replica !== undefined && replica.infoAtMs === joinedBeforeMs) {',
    caughtBy: 'unit',
    tests: 'libs/ha-core/src/in-sync-set/exclusion.test.ts',
    says: 'when one cannot tell when it was told of its priority',
  },
  {
    breaks: 'I1: a node that was excluded while its priority went up stays promotable',
    file: 'apps/warden/src/joining.ts',
    find: 'if (record.primary !== joined.primary || !record.members.includes(member)) return false;',
    replace: 'if (record.primary !== joined.primary || !record.members.includes(member)) return true;',
    caughtBy: 'unit',
    tests: 'apps/warden/src/joining.test.ts',
    says: 'gives up where it was excluded',
  },
  {
    breaks:
      'I1: a cold start goes on though others took its node out of the set while it looked at the Sentinels',
    file: 'apps/warden/src/cold-start.ts',
    find: 'if (isPrimaryThere() || isHeldSince(nowMs) || named === undefined || !isGone(named, sights)) return;',
    replace: 'if (isPrimaryThere() || named === undefined || !isGone(named, sights)) return;',
    caughtBy: 'unit',
    tests: 'apps/warden/src/cold-start.test.ts',
    says: 'begins not when others take its node out of the set while it looks at the Sentinels',
  },
  {
    breaks: 'I1: a Sentinel that pauses is waited for, and the others go back to an older primary',
    file: 'apps/warden/src/suspicion.ts',
    find: 'if (!failoverUnderWay || pauses) return false;',
    replace: 'if (!failoverUnderWay) return false;',
    caughtBy: 'unit',
    tests: 'apps/warden/src/suspicion.test.ts',
    says: 'the one that leads pauses after',
  },
  {
    breaks: 'I1: a replica stays with the older primary that a Sentinel has sent it to, and gets its data',
    file: 'apps/warden/src/following.ts',
    find: 'return leader !== undefined && leader.record.term < record.term;',
    replace: 'return false;',
    caughtBy: 'unit',
    tests: 'apps/warden/src/following.test.ts',
    says: 'leaves the older primary that a Sentinel has made it follow',
  },
  {
    breaks:
      'I1: a primary that was cut off is still one when it is back, and everybody may be made to follow it',
    file: 'apps/warden/src/following.ts',
    find: "if (options.isAlone() && own.seen()?.role.is === 'primary')",
    replace: 'if (own === undefined)',
    caughtBy: 'scenario',
    tests: 'tests/sim/unseen-promotion.sim.test.ts',
    says: 'nothing is lost where a late command makes all others follow it',
  },
  {
    breaks: 'I1: all nodes stay with the older primary that a Sentinel has sent them to, and get its data',
    file: 'apps/warden/src/following.ts',
    find: 'else if (present === undefined && isLedAstrayWithAll()) keep();',
    replace: '',
    caughtBy: 'unit',
    tests: 'apps/warden/src/following.test.ts',
    says: 'keeps what it has where everybody is made to follow an older primary',
  },
  {
    breaks:
      'I1: a Sentinel goes on to wait for whom it promoted, and makes everybody follow that one, replaced by then',
    file: 'apps/warden/src/unseen-promotion.ts',
    find: 'if (underWay.length === 0) return { by: [], not: [] };',
    replace: 'return { by: [], not: [] };',
    caughtBy: 'unit',
    tests: 'apps/warden/src/unseen-promotion.test.ts',
    says: 'makes its failover timeout short until it has given up, and long again',
  },
  {
    breaks:
      'I1: a Sentinel makes everybody follow an older primary whose warden is gone, and no node keeps what it has',
    file: 'apps/warden/src/unseen-promotion.ts',
    find: 'if (underWay.length === 0) return { by: [], not: [] };',
    replace: 'return { by: [], not: [] };',
    also: [
      {
        file: 'apps/warden/src/following.ts',
        find: 'else if (present === undefined && isLedAstrayWithAll()) keep();',
        replace: '',
      },
    ],
    caughtBy: 'scenario',
    tests: 'tests/sim/unseen-promotion.sim.test.ts',
    says: 'nothing is lost where its warden dies as it is cut off',
  },
  {
    breaks:
      'I1: a Sentinel that was cut off with its node hears a second late that the node is not promotable any more',
    file: 'apps/warden/src/membership.ts',
    find: 'options.onOutOfSight();',
    replace: '',
    caughtBy: 'unit',
    tests: 'apps/warden/src/cut-off.test.ts',
    says: 'gives up being promotable at once where nobody else is in sight',
  },
  {
    breaks: 'I1: a member leaves the set by time alone, though its warden was gone before it was cut off',
    file: 'apps/warden/src/exclusion.ts',
    find: 'unguarded: wentOn && watch?.hasQuit() === false };',
    replace: 'unguarded: false };',
    caughtBy: 'scenario',
    tests: 'tests/sim/unguarded.sim.test.ts',
    says: 'nobody could be promoted without what is acknowledged; back after Infinity',
  },
  {
    breaks: 'I1: the set grows too early: a node is promotable before those who write wait for it',
    file: MEMBERSHIP,
    find: 'if (!(await keepsUp(node, own.name, REJOIN_LAG_MS))) return;',
    replace: 'if (!(await ownNode.setPriority(100))) return;',
    caughtBy: 'in-sync-set',
    says: 'I1',
    faults: ['slow link to a replica', 'replica restarted at once', 'replica restarted empty'],
  },
  {
    breaks: 'I1: a reader does not wait for what it has read',
    file: 'libs/redis/src/acknowledged-writer.ts',
    find: 'const outcome = await put([functionCommand(mark), ...commands]);',
    replace:
      "if (connection !== undefined) return { is: 'acknowledged', replies: await connection.node.run(commands, deadlineMs).catch(() => [null]) };\n" +
      '      const outcome = await put([functionCommand(mark), ...commands]);',
    caughtBy: 'in-sync-set',
    says: 'has read',
    faults: A_REPLICA_IS_LATE,
  },
  {
    breaks:
      'I10: a Sentinel that is new knows nobody but the node that it names, and no node becomes primary',
    file: 'libs/topology/src/sentinel-conf.ts',
    find: '    ...replicaLines(redis, primary),\n',
    replace: '',
    caughtBy: 'unit',
    tests: 'libs/topology/src/sentinel-conf.test.ts',
    says: 'known-replica',
  },
];
