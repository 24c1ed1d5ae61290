/** What the cluster says of itself: secrets, whether each process serves, and the accounts. */
import { statSync } from 'node:fs';
import type { LoadedConfiguration } from '@holdfast/configuration';
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

/** Kinds that have checks of their own. */
const LOOKED_AT_CLOSELY = new Set(['redis', 'sentinel', 'warden']);

/** Every other node's own answer. */
export function checkNodes(status: ClusterStatus): readonly Check[] {
  const others = status.nodes.filter(({ kind }) => !LOOKED_AT_CLOSELY.has(kind));
  return others.map(({ name, kind, endpoint, healthy, detail }) =>
    healthy
      ? ok(name, endpoint === null ? 'serves' : `serves at ${endpoint}`)
      : fail(name, detail, `see its log; of a local cluster logs/${name}.log in the state folder (${kind})`),
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
