/** Sets up what a run needs, once for many runs: network, disks, the nine processes, the writers. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { realHost } from '@holdfast/process';
import { createRedisNodes, formInSyncSet } from '@holdfast/redis';
import type { Arguments } from './arguments.ts';
import { monotonicMs } from '@holdfast/drill';
import type { Lacks } from './faults/table.ts';
import { hasWardens, startCluster } from './hosts/cluster.ts';
import { createCuts } from './hosts/cuts.ts';
import type { TestNetwork } from './hosts/network.ts';
import type { Shim } from './hosts/shim.ts';
import { untilWhole } from './hosts/whole.ts';
import type { RunSetting } from './one-run.ts';
import type { Story } from './story.ts';
import { startWriters } from './writers/writers.ts';

export type Base = {
  readonly folder: string;
  readonly network: TestNetwork;
  /** The preloaded library, or why there is none. */
  readonly shim: Shim | string;
  readonly story: Story;
};

export type Setting = RunSetting & { readonly end: () => Promise<void> };

let built = 0;

const WHOLE_WITHIN_MS = 60_000;
const SET_WITHIN_MS = 15_000;
const STORY_LINES = 200;

/** Whether this run of the suite has wardens. */
export function withWardens(args: Arguments): boolean {
  return args.wardens && hasWardens();
}

/** Starts everything anew and waits until it is whole. Throws with what is missing; nothing runs then. */
export async function createSetting(base: Base, args: Arguments): Promise<Setting> {
  mkdirSync(base.folder, { recursive: true });
  const folder = mkdtempSync(join(base.folder, 'cluster-'));
  const { network, story } = base;
  const cluster = await startCluster({
    folder,
    network,
    story,
    profile: args.profile,
    wardens: withWardens(args),
    shim: typeof base.shim === 'string' ? undefined : base.shim,
    plainDisks: network.place === 'loopback',
  });
  const cuts = createCuts(network);
  built += 1;
  try {
    if (!cluster.wardens) {
      const { nodes } = cluster.files.values.redis;
      const redis = createRedisNodes({ password: cluster.files.password });
      await formInSyncSet({ host: realHost, redis, nodes, replicas: 2, withinMs: SET_WITHIN_MS });
    }
    const whole = await untilWhole(cluster, story, WHOLE_WITHIN_MS);
    if (whole.primary === undefined) {
      throw new Error(`the system is not whole within ${WHOLE_WITHIN_MS} ms: ${whole.missing}`);
    }
    const writers = await startWriters({ cluster, network, story, folder, perSecond: args.perSecond });
    return {
      cluster,
      network,
      cuts,
      writers,
      story,
      built,
      end: async () => {
        await writers.stop();
        await cuts.mend();
        await cluster.stop();
        for (const { disk } of cluster.members) await disk?.remove();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    console.log(story.text(monotonicMs(), STORY_LINES));
    await cluster.stop();
    throw error;
  }
}

/** What of the faults' needs this machine and this setting cannot give, with why. */
export function lacksOf(base: Base, setting: Setting, switchover: boolean): Lacks {
  const { place } = base.network;
  const { wardens } = setting.cluster;
  const [disk] = setting.cluster.members.flatMap((member) => member.disk ?? []);
  return (need) => {
    switch (need) {
      case 'links':
        return place === 'namespaces' ? undefined : 'no link can be cut on loopback';
      case 'groups':
        return place === 'namespaces' && process.getuid?.() === 0
          ? undefined
          : 'needs root and network namespaces';
      case 'shim':
        return typeof base.shim === 'string' ? base.shim : undefined;
      case 'disk':
        return disk?.kind === 'folder' ? 'the nodes have no disks of their own here' : undefined;
      case 'image':
        return disk?.kind === 'image' ? undefined : 'no loop device can be mounted here';
      case 'wardens':
        return wardens ? undefined : 'there are no wardens';
      case 'switchover':
        return switchover ? undefined : 'the wardens know no planned change of primary';
    }
  };
}
