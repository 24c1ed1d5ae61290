/** A command that comes too late: everybody is made to follow a primary that was replaced while it was cut off. */
import { pause } from '@holdfast/drill';
import type { Member } from '../hosts/cluster.ts';
import { askOnce } from '../resp.ts';
import type { Fault, Stage } from './fault.ts';

/** As a Sentinel does it; whoever asks may be disconnected by that. */
async function makeFollow(
  { cluster, story }: Stage,
  node: Member,
  { host, port }: Member['at'],
): Promise<void> {
  const commands = [
    ['REPLICAOF', host, String(port)],
    ['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'],
  ];
  await askOnce(node.at, cluster.files.password, commands).catch((error: unknown) =>
    story.event('tests', `${node.name} was told, and said no more: ${String(error)}`),
  );
}

export const ASTRAY_FAULTS: readonly Fault[] = [
  {
    name: 'led-astray',
    row: '14',
    what: "the primary's host is cut off; when it is back, both others are made to follow the old primary, their new one too",
    needs: ['links', 'wardens'],
    failover: 'must',
    serves: true,
    holdMs: 1000,
    strike: async (stage) => {
      const { primary, replicas } = stage.roles;
      await stage.strikes(`${primary.host} of the primary: cut off`, () => stage.cuts.isolate(primary.host));
      await stage.untilAcknowledged();
      await pause(stage.random.whole(300, 1500));
      await stage.strikes(`it is back, and both others shall follow ${primary.name}`, async () => {
        await stage.cuts.mend();
        await Promise.all(replicas.map((node) => makeFollow(stage, node, primary.at)));
      });
    },
  },
];
