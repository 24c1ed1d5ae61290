/**
 * Takes back every fault, and waits until the system is whole: one primary, two replicas in step, all Sentinels of one
 * opinion, and, with wardens, both replicas in the in-sync set and promotable again.
 */
import { monotonicMs, pause } from '@holdfast/drill';
import { shown } from '../resp.ts';
import type { Story } from '../story.ts';
import type { Cluster, Member } from './cluster.ts';
import type { Cuts } from './cuts.ts';
import { recordView, sentinelView } from './views.ts';

/** Rules away, processes resumed, disks and clocks in order, whatever is dead started again. */
export async function mend(cluster: Cluster, cuts: Cuts, story: Story): Promise<void> {
  await cuts.mend();
  for (const member of cluster.members) member.shim?.mend();
  for (const member of cluster.members) {
    if (member.child()?.frozen() === true) member.child()?.resume();
  }
  await Promise.all(cluster.members.map((member) => mendDisk(member, story)));
  await startDead(cluster, story);
  await endTilt(cluster, story);
}

/**
 * A Sentinel that saw a pause or a clock step does nothing for 30 s. It is started anew, so that the next run begins
 * with three that act; what TILT does to a failover is a fault of its own.
 */
async function endTilt(cluster: Cluster, story: Story): Promise<void> {
  const { password, values } = cluster.files;
  for (const sentinel of cluster.of('sentinel')) {
    if ((await sentinelView(sentinel.at, password, values.redis.primaryName))?.tilt !== true) continue;
    story.event('tests', `${sentinel.name} is in TILT: started anew`);
    await sentinel.kill();
    await sentinel.start();
  }
}

async function mendDisk(member: Member, story: Story): Promise<void> {
  const { disk } = member;
  if (disk === undefined) return;
  if (disk.isReadOnly() && member.alive()) {
    // What is mounted read-only by an error needs a mount anew, as a person would do it.
    story.event('tests', `ends ${member.name} to mount its disk again`);
    await member.kill();
  }
  await disk.mend();
}

/** Starts what is dead. A node whose start fails again and again on its own data needs a person: its folder is emptied. */
export async function startDead(cluster: Cluster, story: Story): Promise<void> {
  const order = ['sentinel', 'warden', 'redis'] as const;
  for (const kind of order) {
    const dead = cluster.of(kind).filter((member) => !member.alive());
    await Promise.all(
      dead.map(async (member) => {
        story.event('tests', `starts ${member.name}`);
        await member.start();
      }),
    );
  }
}

export type Wholeness = {
  /** The primary's name once whole; undefined at the limit. */
  readonly primary: Member | undefined;
  readonly tookMs: number;
  /** What was missing when it was last looked at. */
  readonly missing: string;
  /** Nodes whose folder had to be emptied before they would start. */
  readonly emptied: readonly string[];
};

/** Looks every `everyMs` until all is whole. Never rejects. */
export async function untilWhole(
  cluster: Cluster,
  story: Story,
  limitMs: number,
  everyMs = 50,
): Promise<Wholeness> {
  const startedMs = monotonicMs();
  const starts = new Map<Member, number>();
  const emptied: string[] = [];
  let missing = '';
  while (monotonicMs() - startedMs < limitMs) {
    for (const member of cluster.members.filter((one) => !one.alive())) {
      const failed = (starts.get(member) ?? 0) + 1;
      starts.set(member, failed);
      if (failed === STARTS_MAX && member.kind === 'redis') {
        story.event('tests', `${member.name} does not stay up; its folder is emptied, as a person would do`);
        member.disk?.wipe();
        emptied.push(member.name);
      }
      await pause(RESTART_DELAY_MS);
      story.event('tests', `starts ${member.name} again`);
      await member.start().catch((error: unknown) => story.event('tests', String(error)));
    }
    const state = await wholeState(cluster);
    if (typeof state === 'string' && state.endsWith('TILT')) await endTilt(cluster, story);
    if (typeof state !== 'string') {
      return { primary: state, tookMs: monotonicMs() - startedMs, missing: '', emptied };
    }
    if (state !== missing) story.event('tests', `not whole: ${state}`);
    missing = state;
    await pause(everyMs);
  }
  return { primary: undefined, tookMs: monotonicMs() - startedMs, missing, emptied };
}

const STARTS_MAX = 4;
const RESTART_DELAY_MS = 200;

/** The primary, or what is missing. */
async function wholeState(cluster: Cluster): Promise<Member | string> {
  const { files, wardens } = cluster;
  const { password } = files;
  const views = [...(await cluster.views())];
  const primaries = views.filter(([, view]) => view.is === 'primary');
  const [first] = primaries;
  if (first === undefined || primaries.length !== 1) {
    return `${primaries.length} primaries: ${views.map(([one, view]) => `${one.name} ${view.is}`).join(', ')}`;
  }
  const [primary, view] = first;
  if (view.is !== 'primary' || view.replicas.length !== 2) return `${primary.name} has not two replicas`;
  for (const [one, other] of views) {
    if (other.is === 'replica' && (other.of !== shown(primary.at) || other.link !== 'connected')) {
      return `${one.name} follows ${other.of}, ${other.link}`;
    }
  }
  const sentinels = await Promise.all(
    cluster.of('sentinel').map((one) => sentinelView(one.at, password, files.values.redis.primaryName)),
  );
  for (const [index, one] of sentinels.entries()) {
    const name = `sentinel-${index + 1}`;
    if (one === undefined) return `${name} is silent`;
    if (one.primary !== shown(primary.at)) return `${name} names ${one.primary}`;
    if (one.flags !== 'master') return `${name} says ${one.flags} of the primary`;
    if (one.others !== 2) return `${name} knows ${one.others} others`;
    if (one.tilt) return `${name} is in TILT`;
    if (one.promotable !== 2) return `${name} could not promote both: ${one.replicas}`;
  }
  return wardens ? wholeRecord(cluster, primary) : primary;
}

async function wholeRecord(cluster: Cluster, primary: Member): Promise<Member | string> {
  const nodes = cluster.of('redis');
  const records = await Promise.all(nodes.map((one) => recordView(one.at, cluster.files.password)));
  const own = records[nodes.indexOf(primary)];
  if (own === undefined) return `${primary.name} does not show its record`;
  if (own.primary !== shown(primary.at)) return `the record speaks for ${own.primary || 'nobody'}`;
  for (const [index, node] of nodes.entries()) {
    if (node === primary) continue;
    if (!own.members.includes(shown(node.at)))
      return `${node.name} is not in the set (${own.members.join(' ')})`;
    if (records[index]?.priority === 0) return `${node.name} has priority 0`;
  }
  return primary;
}
