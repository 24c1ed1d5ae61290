/**
 * The system under test: on each of three hosts a Redis, a Sentinel and a warden, with a disk each for Redis and
 * Sentinel. Redis always starts through the start gate, as the product's service manager would start it.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pause, within } from '@holdfast/drill';
import { type Address, shown } from '../resp.ts';
import type { Story } from '../story.ts';
import { type Child, startChild } from './child.ts';
import { type ClusterFiles, sentinelText, writeConfiguration, writeRedisConf } from './configuration.ts';
import { GROUPS } from './cuts.ts';
import { createDisk, type Disk } from './disk.ts';
import { HOSTS, type Host, type TestNetwork } from './network.ts';
import type { Shim, ShimControl } from './shim.ts';
import { type NodeView, nodeView, sentinelView } from './views.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const WARDEN = join(ROOT, 'apps/warden/src/main.ts');
const GATE = join(ROOT, 'apps/warden/src/gate-main.ts');

/** Another Redis than the machine's, as the suites of Redis 8 name it. */
const REDIS_SERVER = process.env['HOLDFAST_REDIS_SERVER'] ?? 'redis-server';

/** Whether this checkout has the wardens. */
export const hasWardens = (): boolean => existsSync(WARDEN) && existsSync(GATE);

export type Kind = 'redis' | 'sentinel' | 'warden';

/** One of the nine processes: where it answers, the process itself, how it is started again. */
export type Member = {
  readonly kind: Kind;
  readonly index: number;
  readonly host: Host;
  readonly name: string;
  readonly at: Address;
  readonly disk: Disk | undefined;
  readonly shim: ShimControl | undefined;
  /** The process that runs or ran last. */
  readonly child: () => Child | undefined;
  readonly alive: () => boolean;
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
};

export type Roles = { readonly primary: Member; readonly replicas: readonly Member[] };

export type Cluster = {
  readonly files: ClusterFiles;
  readonly wardens: boolean;
  readonly members: readonly Member[];
  readonly of: (kind: Kind) => readonly Member[];
  readonly at: (kind: Kind, host: Host) => Member;
  readonly views: () => Promise<ReadonlyMap<Member, NodeView>>;
  /** The primary that has replicas, and its replicas; rejects when there is not exactly one. */
  readonly roles: () => Promise<Roles>;
  readonly stop: () => Promise<void>;
};

export type ClusterOptions = {
  readonly folder: string;
  readonly network: TestNetwork;
  readonly story: Story;
  readonly profile: 'fast' | 'seed';
  /** False for the stock system: Redis and Sentinel alone. */
  readonly wardens: boolean;
  readonly shim: Shim | undefined;
  /** Plain folders instead of disks. */
  readonly plainDisks: boolean;
  readonly portOffset?: number;
  /** What names of processes in the story begin with. */
  readonly label?: string;
};

const REDIS_MB = 384;
const SENTINEL_MB = 16;
/** A new process that asks three Sentinels; on a machine with nothing to spare its start alone takes seconds. */
const GATE_WITHIN_MS = 30_000;

/** Makes the disks and starts everything; returns as soon as the processes run. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { network, story, wardens } = options;
  const label = options.label ?? '';
  const files = writeConfiguration(options.folder, network, options);
  const { redis } = files.values;
  const members: Member[] = [];
  let begun = false;

  const member = (kind: Kind, index: number, at: Address, disk: Disk | undefined): Member => {
    const name = `${label}${kind}-${index + 1}`;
    const host = HOSTS[index] ?? 'host-1';
    const shim = options.shim?.control(name);
    let child: Child | undefined;
    const run = (command: readonly string[]): void => {
      child = startChild({
        name,
        command: network.on(host, command),
        story,
        ...(shim === undefined ? {} : { env: shim.env }),
        // Without namespaces there are no rules that would know the group.
        ...(network.place === 'loopback' || process.getuid?.() !== 0 ? {} : { gid: GROUPS[kind] }),
      });
    };
    const start = async (): Promise<void> => {
      if (child?.alive() === true) throw new Error(`${name} runs already`);
      if (kind === 'redis') run(await redisCommand(index, disk));
      else if (kind === 'sentinel') run(sentinelCommand(index, disk));
      else
        run([process.execPath, WARDEN, '--config', files.file, '--name', redis.wardens[index]?.name ?? '']);
    };
    const own: Member = {
      kind,
      index,
      host,
      name,
      at,
      disk,
      shim,
      child: () => child,
      alive: () => child?.alive() === true,
      kill: async () => {
        await child?.kill();
      },
      start,
    };
    members.push(own);
    return own;
  };

  /** Asks the gate whose replica the node is; without wardens the Sentinels, as an operator would. */
  const redisCommand = async (index: number, disk: Disk | undefined): Promise<string[]> => {
    const folder = disk?.folder ?? '';
    const conf = writeRedisConf(files, index, folder);
    const name = `${label}gate-${index + 1}`;
    if (!wardens) {
      const of = await namedBySentinels(index);
      const follow = of === undefined ? [] : ['--replicaof', of.host, String(of.port)];
      return [REDIS_SERVER, conf, '--replica-priority', '100', ...follow];
    }
    const out = join(folder, 'gate.conf');
    const node = redis.nodes[index]?.name ?? '';
    const command = [process.execPath, GATE, '--config', files.file, '--name', node, '--out', out];
    const gate = startChild({ name, command: network.on(HOSTS[index] ?? 'host-1', command), story });
    const end = await gate.ended(GATE_WITHIN_MS);
    if (end?.code !== 0) {
      const condition = gate.condition();
      await gate.kill();
      const said = gate.tail().join(' | ') || 'nothing';
      throw new Error(`the start gate of ${node} gave no answer (${condition}), it said ${said}`);
    }
    return [REDIS_SERVER, conf, '--include', out];
  };

  /** The node that most Sentinels name, unless it is this one; at the very first start the first node. */
  const namedBySentinels = async (index: number): Promise<Address | undefined> => {
    const first = redis.nodes[0];
    if (!begun) return index === 0 ? undefined : first;
    const own = redis.nodes[index];
    const views = await Promise.all(
      redis.sentinels.map((at) => sentinelView(at, files.password, redis.primaryName)),
    );
    const votes = views.flatMap((view) => (view === undefined ? [] : [view.primary]));
    const most = votes.toSorted(
      (a, b) => votes.filter((one) => one === b).length - votes.filter((one) => one === a).length,
    )[0];
    const named = redis.nodes.find((node) => shown(node) === most) ?? first;
    return named === own ? undefined : named;
  };

  const sentinelCommand = (index: number, disk: Disk | undefined): string[] => {
    const folder = disk?.folder ?? '';
    const conf = join(folder, 'sentinel.conf');
    if (!existsSync(conf)) writeFileSync(conf, sentinelText(files, index, folder), { mode: 0o600 });
    return [REDIS_SERVER, conf, '--sentinel'];
  };

  mkdirSync(options.folder, { recursive: true });
  for (const [index, host] of HOSTS.entries()) {
    const disk = (name: string, megabytes: number): Promise<Disk> =>
      createDisk(join(options.folder, host, name), megabytes, options.plainDisks);
    const [node, sentinel] = [redis.nodes[index], redis.sentinels[index]];
    if (node === undefined || sentinel === undefined) throw new Error(`no nodes for ${host}`);
    member('redis', index, node, await disk('redis', REDIS_MB));
    member('sentinel', index, sentinel, await disk('sentinel', SENTINEL_MB));
    const warden = redis.wardens[index];
    if (wardens && warden !== undefined) member('warden', index, warden.health, undefined);
  }

  const of = (kind: Kind): readonly Member[] => members.filter((one) => one.kind === kind);
  const views = async (): Promise<ReadonlyMap<Member, NodeView>> =>
    new Map(
      await Promise.all(
        of('redis').map(async (one) => [one, await nodeView(one.at, files.password)] as const),
      ),
    );
  await Promise.all(of('redis').map((one) => one.start()));
  begun = true;
  // A Sentinel that finds its primary not there yet would begin with a failover.
  await within({ limitMs: 5000 }, async () =>
    [...(await views()).values()].every(({ is }) => is !== 'silent') ? true : undefined,
  );
  await Promise.all([...of('sentinel'), ...of('warden')].map((one) => one.start()));

  return {
    files,
    wardens,
    members,
    of,
    at: (kind, host) => {
      const found = members.find((one) => one.kind === kind && one.host === host);
      if (found === undefined) throw new Error(`no ${kind} on ${host}`);
      return found;
    },
    views,
    roles: async () => {
      const found = [...(await views())];
      const primaries = found.filter(([, view]) => view.is === 'primary' && view.replicas.length > 0);
      const [primary] = primaries;
      if (primary === undefined || primaries.length > 1) {
        throw new Error(`${primaries.length} primaries with replicas`);
      }
      return { primary: primary[0], replicas: of('redis').filter((one) => one !== primary[0]) };
    },
    stop: async () => {
      await Promise.all(members.map((one) => one.kill()));
      await pause(0);
    },
  };
}
