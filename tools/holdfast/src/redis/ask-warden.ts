/** A question to a warden that changes something: only with the cluster's secret. */
import type { Configuration, LoadedConfiguration } from '@holdfast/configuration';
import { endpointName } from '@holdfast/redis';
import { CommandFailed } from '../failures.ts';
import { askHttp } from '../status/http-json.ts';

export type Warden = Configuration['redis']['wardens'][number];

/** The warden beside a Redis node. Throws `CommandFailed` when the configuration has none. */
export function wardenOf({ values }: LoadedConfiguration, endpoint: string): Warden {
  const node = values.redis.nodes.find((one) => endpointName(one) === endpoint);
  const warden = values.redis.wardens.find((one) => one.node === node?.name);
  if (warden !== undefined) return warden;
  throw new CommandFailed(
    `${node?.name ?? endpoint} has no warden in the configuration, and without one nobody can do this`,
  );
}

/** The status and the `detail` of its answer. Throws `CommandFailed` when it does not answer or refuses the secret. */
export async function askWarden(
  { values, secret }: LoadedConfiguration,
  warden: Warden,
  path: string,
  limitMs: number,
): Promise<{ readonly status: number; readonly detail: string }> {
  const answer = await askHttp({
    url: `http://${endpointName(warden.health)}${path}`,
    limitMs,
    method: 'POST',
    secret: secret('clusterSecretFile', values.clusterSecretFile),
  });
  if (answer.is === 'silent') throw new CommandFailed(`${warden.name} does not answer: ${answer.why}`);
  if (answer.status === 401) {
    throw new CommandFailed(
      `${warden.name} refuses the cluster secret in ${values.clusterSecretFile}: was it started with another?`,
    );
  }
  const said = typeof answer.body === 'object' && answer.body !== null ? answer.body : {};
  const detail = 'detail' in said && typeof said.detail === 'string' ? said.detail : undefined;
  return { status: answer.status, detail: detail ?? JSON.stringify(answer.body) };
}
