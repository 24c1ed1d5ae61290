/** What the cluster says of itself: secrets, replicas, Sentinels' quorum, and whether each node serves. */
import { statSync } from 'node:fs';
import type { LoadedConfiguration } from '@holdfast/configuration';
import { RedisError, type RedisNodes } from '@holdfast/ha-core';
import { ask, askRole } from '@holdfast/local-cluster';
import type { ClusterStatus } from '../status/cluster-status.ts';
import { type Check, fail, ok, warn } from './check.ts';

/** Files with secrets are closed to everybody but their owner. */
export function checkSecrets({ values, path }: LoadedConfiguration): readonly Check[] {
  const files = [
    values.api.keyFile,
    values.clusterSecretFile,
    ...(values.redis.passwordFile === undefined ? [] : [values.redis.passwordFile]),
    ...Object.values(values.redis.users ?? {}).map(({ passwordFile }) => passwordFile),
    ...(values.redis.tls === undefined ? [] : [values.redis.tls.keyFile]),
    ...(values.clickhouse.passwordFile === undefined ? [] : [values.clickhouse.passwordFile]),
    ...values.accounts.map(({ bridgeSecretFile }) => bridgeSecretFile),
    ...values.webhooks.map(({ tokenFile }) => tokenFile),
  ].map(path);
  const wrong = files.flatMap((file): Check[] => {
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats === undefined)
      return [fail('secrets', `${file} is missing`, 'restore it; a new one must be made known to its users')];
    const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
    return (stats.mode & 0o077) === 0
      ? []
      : [
          fail(
            'secrets',
            `${file} has mode ${mode}`,
            `chmod 600 ${file}, and change what others may have read`,
          ),
        ];
  });
  return wrong.length > 0 ? wrong : [ok('secrets', `${files.length} files, closed to others`)];
}

/** One primary, which every other Redis node follows. */
export async function checkReplicas({ values }: LoadedConfiguration, redis: RedisNodes): Promise<Check> {
  const { nodes } = values.redis;
  const roles = await Promise.all(nodes.map((node) => askRole(redis, node)));
  const primaries = nodes.filter((_, index) => roles[index]?.is === 'primary');
  const following = roles.filter((role) => role?.is === 'replica' && role.link === 'connected').length;
  const found = `${primaries.length === 0 ? 'no primary' : `primary ${primaries.map(({ name }) => name).join(' and ')}`}, ${following} of ${nodes.length - 1} replicas connected`;
  if (primaries.length === 1 && following === nodes.length - 1) return ok('replicas', found);
  const advice = 'look into the logs of the Redis nodes; nothing is accepted without a replica in sync';
  return primaries.length === 1 && following > 0
    ? warn('replicas', found, advice)
    : fail('replicas', found, advice);
}

/** Each Sentinel reaches the others: else nobody promotes a replica when the primary is lost. */
export async function checkQuorum(
  { values }: LoadedConfiguration,
  redis: RedisNodes,
): Promise<readonly Check[]> {
  const { sentinels, primaryName } = values.redis;
  const advice = 'start the missing Sentinels: without a majority a lost primary is not replaced';
  return Promise.all(
    sentinels.map(async (sentinel) => {
      const asked = await ask(redis, sentinel, [['SENTINEL', 'CKQUORUM', primaryName]]);
      if (asked.is === 'silent') return fail(sentinel.name, asked.why, advice);
      const reply = asked.replies[0];
      return reply instanceof RedisError
        ? fail(sentinel.name, reply.message, advice)
        : ok(sentinel.name, String(reply));
    }),
  );
}

/** Every node's own answer. */
export function checkNodes(status: ClusterStatus): readonly Check[] {
  return status.nodes.map(({ name, kind, endpoint, healthy, detail }) =>
    healthy
      ? ok(name, endpoint === null ? 'serves' : `serves at ${endpoint}`)
      : fail(name, detail, `see logs/${name}.log in the state folder (${kind})`),
  );
}

/** Every account is led by an engine and connected to its broker, with no outcome left unknown. */
export function checkAccounts(status: ClusterStatus): readonly Check[] {
  return status.accounts.map(({ account, active, connection, unknown, epoch }) => {
    if (active === null)
      return fail(account, 'no engine leads it', 'start an engine; signals wait until then');
    if (connection !== 'up')
      return fail(account, `its broker connection is ${connection}`, 'look at its terminal and broker');
    if (unknown !== null && unknown > 0) {
      return warn(
        account,
        `${unknown} unknown outcome(s)`,
        'they are looked up on a schedule; holdfast status shows them',
      );
    }
    return ok(account, `led by ${active}, epoch ${epoch}`);
  });
}
