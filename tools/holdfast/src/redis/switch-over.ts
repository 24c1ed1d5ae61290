/**
 * `holdfast switchover redis`: the warden of the present primary hands over (apps/warden/src/switchover.ts); this waits
 * until the new primary is there with its set, and measures the pause of acknowledged writes as a client sees it.
 */
import { type LoadedConfiguration, redisAccess } from '@holdfast/configuration';
import { type Host, sleep } from '@holdfast/ha-core';
import { createRedisNodes, endpointName } from '@holdfast/redis';
import { CommandFailed } from '../failures.ts';
import { askWarden, wardenOf } from './ask-warden.ts';
import { startPauseMeter } from './pause-meter.ts';
import { type RedisTopology, readTopology } from './read-topology.ts';

const HAND_OVER_LIMIT_MS = 10_000;
const FIRST_WRITE_WITHIN_MS = 3000;
const THERE_WITHIN_MS = 10_000;
/** The old primary joins the set again; how long that takes depends on its data. */
const WHOLE_WITHIN_MS = 10_000;
const POLL_MS = 50;

/** Switches over, to `target` where it is named, and says what was done. Throws `CommandFailed` with the reason when it was not. */
export async function switchOverRedis(
  host: Host,
  configuration: LoadedConfiguration,
  target: string | undefined,
  tell: (line: string) => void,
): Promise<void> {
  const { nodes } = configuration.values.redis;
  const nameOf = (endpoint: string | null): string =>
    nodes.find((node) => endpointName(node) === endpoint)?.name ?? String(endpoint);
  const to = nodes.find(({ name }) => name === target);
  if (target !== undefined && to === undefined) {
    throw new CommandFailed(
      `node ${JSON.stringify(target)}: expected one of ${nodes.map(({ name }) => name).join(', ')}`,
    );
  }
  const before = await readTopology(configuration);
  refuseUnsafe(before, nameOf);
  const { primary } = before;
  if (primary === null) throw new CommandFailed('no node is primary');
  if (to !== undefined && endpointName(to) === primary)
    throw new CommandFailed(`${to.name} is the primary already`);

  const redis = createRedisNodes(redisAccess(configuration, 'warden'));
  const meter = await startPauseMeter({ host, redis, nodes, withinMs: FIRST_WRITE_WITHIN_MS });
  let pausedMs: number | undefined;
  let after: RedisTopology | undefined;
  try {
    const path = `/switchover${to === undefined ? '' : `?to=${encodeURIComponent(endpointName(to))}`}`;
    const warden = wardenOf(configuration, primary);
    const answer = await askWarden(configuration, warden, path, HAND_OVER_LIMIT_MS);
    if (answer.status !== 200) throw new CommandFailed(`refused by ${warden.name}: ${answer.detail}`);
    after = await until(host, configuration, THERE_WITHIN_MS, (seen) => isThere(seen, before));
  } finally {
    pausedMs = await meter.stop();
  }
  if (after === undefined) {
    throw new CommandFailed(
      `${nameOf(primary)} handed over, but no other primary with its set was seen within ${THERE_WITHIN_MS / 1000} s; holdfast status shows what is there`,
    );
  }
  const pause = pausedMs === undefined ? 'the pause could not be measured' : `${Math.round(pausedMs)} ms`;
  tell(`${nameOf(primary)} handed over to ${nameOf(after.primary)}`);
  tell(`term    ${before.inSync.term} → ${after.inSync.term}`);
  tell(`pause   ${pause}, the longest between two acknowledged writes of this command`);
  const whole = await until(
    host,
    configuration,
    WHOLE_WITHIN_MS,
    ({ inSync }) => inSync.level === before.inSync.level,
  );
  tell(setText(whole ?? after, nameOf));
}

/** Throws `CommandFailed` where nobody could take over without a loss; the warden checks it once more. */
function refuseUnsafe(topology: RedisTopology, nameOf: (endpoint: string) => string): void {
  const { primary, toldBy, waits, inSync } = topology;
  if (toldBy === null) {
    const why = topology.wardens.map(({ name, detail }) => `\n  ${name}: ${detail}`).join('');
    throw new CommandFailed(`no warden answers, and only the primary's warden can hand over${why}`);
  }
  if (primary === null)
    throw new CommandFailed(`no node is primary${waits === null ? '' : `: ${waits.why}`}`);
  if (inSync.level !== 'none') return;
  const what =
    inSync.needed.length === 0
      ? `no replica is in the in-sync set of ${nameOf(primary)}`
      : `${inSync.needed.map(nameOf).join(', ')} of the in-sync set not connected to ${nameOf(primary)}`;
  throw new CommandFailed(`refused: ${what}; nobody can take over without a loss`);
}

function isThere(seen: RedisTopology, before: RedisTopology): boolean {
  return (
    seen.primary !== null &&
    seen.primary !== before.primary &&
    seen.inSync.term > before.inSync.term &&
    seen.inSync.level !== 'none'
  );
}

async function until(
  host: Host,
  configuration: LoadedConfiguration,
  withinMs: number,
  wanted: (seen: RedisTopology) => boolean,
): Promise<RedisTopology | undefined> {
  const endMs = host.monotonicMs() + withinMs;
  for (;;) {
    const seen = await readTopology(configuration);
    if (wanted(seen)) return seen;
    if (host.monotonicMs() >= endMs) return undefined;
    await sleep(host, POLL_MS);
  }
}

/** The set in one line. */
export function setText(
  { inSync }: Pick<RedisTopology, 'inSync'>,
  nameOf: (endpoint: string) => string,
): string {
  const needed = inSync.needed.map(nameOf).join(', ');
  switch (inSync.level) {
    case 'full':
      return `set     full: ${needed}`;
    case 'degraded':
      return `set     DEGRADED: ${needed} alone; the other replica is not in it`;
    case 'none':
      return `set     none: ${inSync.needed.length === 0 ? 'no replica is in it' : `${needed} not connected`}; nothing is acknowledged`;
  }
}
