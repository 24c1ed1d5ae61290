/** What people do, and the loss of all power: rows 38 and 52. */
import { pause } from '@holdfast/drill';
import { mend } from '../hosts/whole.ts';
import { type Fault, type Stage, WORST_MS } from './fault.ts';

const ASK_MS = 10_000;

/** Asks the wardens one after the other for a planned change of primary, as `holdfast switchover redis` does. */
async function switchOver(stage: Stage): Promise<void> {
  const { clusterSecret } = stage.cluster.files;
  const said: string[] = [];
  for (const warden of stage.cluster.of('warden')) {
    const response = await fetch(`http://${warden.at.host}:${warden.at.port}/switchover`, {
      method: 'POST',
      headers: { authorization: `Bearer ${clusterSecret}` },
      signal: AbortSignal.timeout(ASK_MS),
    });
    const text = await response.text();
    said.push(`${warden.name}: ${response.status} ${text}`);
    stage.story.event('tests', said.at(-1) ?? '');
    if (response.ok) return;
  }
  throw new Error(`no warden switched over: ${said.join('; ')}`);
}

export const PLANNED_FAULTS: readonly Fault[] = [
  {
    name: 'switchover',
    row: '38',
    what: 'a planned change of primary under load',
    needs: ['wardens', 'switchover'],
    failover: 'must',
    serves: true,
    measures: 'longest stall',
    worstMs: WORST_MS.planned,
    strike: (stage) => stage.strikes('a planned change of primary', () => switchOver(stage)),
  },
  {
    name: 'power-loss',
    row: '52',
    what: 'all processes of all hosts die at once and are started again',
    failover: 'may',
    serves: false,
    strike: async (stage) => {
      await stage.strikes('kill -9 of everything', async () => {
        await Promise.all(stage.cluster.members.map((member) => member.kill()));
      });
      await pause(300);
    },
  },
  {
    name: 'all-redis-die',
    row: '52',
    what: 'all Redis processes die at once; Sentinels and wardens live; they are started one after the other',
    failover: 'may',
    serves: false,
    strike: async (stage) => {
      const nodes = stage.random.shuffled(stage.cluster.of('redis'));
      await stage.strikes('kill -9 of all Redis nodes', async () => {
        await Promise.all(nodes.map((node) => node.kill()));
      });
      for (const node of nodes) {
        await pause(stage.random.whole(0, 800));
        await node.start();
      }
      await mend(stage.cluster, stage.cuts, stage.story);
    },
  },
];
