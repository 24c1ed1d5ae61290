/** What the machine brings: runtime, Redis, kernel settings, ports, disk space. */
import { execFileSync } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import type { Configuration } from '@holdfast/configuration';
import { profile } from '@holdfast/ha-core';
import { localPoints, takenPorts } from '@holdfast/local-cluster';
import { programOnPath } from '@holdfast/process';
import { type Check, fail, ok, warn } from './check.ts';

const NODE_MAJOR = 24;
const REDIS_MAJOR_MIN = 7;
const DISK_WARN_BYTES = 5 * 1024 ** 3;
const DISK_FAIL_BYTES = 512 * 1024 ** 2;

/** The runtime that runs the nodes. */
export function checkNode(version = process.versions.node): Check {
  const major = Number(version.split('.', 1)[0]);
  return major >= NODE_MAJOR
    ? ok('node', version)
    : fail('node', version, `run through npm or npx, which use the pinned version ${NODE_MAJOR}`);
}

/** Redis on this machine. */
export function checkRedisVersion(): Check {
  const path = programOnPath('redis-server');
  const advice = `install Redis ${REDIS_MAJOR_MIN} or later (Debian: apt-get install redis-server)`;
  if (path === undefined) return fail('redis-server', 'not on PATH', advice);
  const version =
    /v=([\d.]+)/.exec(execFileSync(path, ['--version'], { encoding: 'utf8' }))?.[1] ?? 'unknown';
  return Number(version.split('.', 1)[0]) >= REDIS_MAJOR_MIN
    ? ok('redis-server', `${version} (${path})`)
    : fail('redis-server', `${version} (${path})`, advice);
}

/** Kernel settings that Redis depends on; none where there is no /proc. */
export function checkKernel({ profile: name }: Configuration): readonly Check[] {
  const backlog = profile(name).redisTcpBacklog;
  const somaxconn = numberIn('/proc/sys/net/core/somaxconn');
  const overcommit = numberIn('/proc/sys/vm/overcommit_memory');
  return [
    ...(somaxconn === undefined
      ? []
      : [
          somaxconn >= backlog
            ? ok('somaxconn', String(somaxconn))
            : warn(
                'somaxconn',
                `${somaxconn}, below tcp-backlog ${backlog}`,
                `sysctl net.core.somaxconn=${backlog}`,
              ),
        ]),
    ...(overcommit === undefined
      ? []
      : [
          overcommit === 1
            ? ok('overcommit_memory', '1')
            : warn(
                'overcommit_memory',
                `${overcommit}: Redis may fail to fork for a rewrite when memory is short`,
                'sysctl vm.overcommit_memory=1',
              ),
        ]),
  ];
}

function numberIn(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8').trim());
  } catch {
    return undefined;
  }
}

/** Ports that others hold, while the cluster does not run itself. */
export async function checkPorts(values: Configuration, running: boolean): Promise<readonly Check[]> {
  if (running) return [ok('ports', 'held by the running cluster')];
  const points = localPoints(values);
  const taken = await takenPorts(points);
  if (taken.length === 0) return [ok('ports', `all ${points.length} are free`)];
  return taken.map(({ endpoint, what, shared }) =>
    fail(
      'ports',
      `${endpoint.host}:${endpoint.port} (${what}) is taken`,
      `end what holds it, or choose another with up ${shared ? '--api-port' : '--base-port'} PORT`,
    ),
  );
}

/** Space where the state is. */
export function checkDisk(folder: string): Check {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const found = `${(free / 1024 ** 3).toFixed(1)} GiB free at ${folder}`;
  const advice = 'make room: a full disk stops Redis and DuckDB from storing anything';
  if (free < DISK_FAIL_BYTES) return fail('disk', found, advice);
  return free < DISK_WARN_BYTES ? warn('disk', found, advice) : ok('disk', found);
}
