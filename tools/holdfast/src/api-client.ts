/** Asks the cluster's API: the shared address first, then each backend, since any of them can answer. */
import { type LoadedConfiguration } from '@holdfast/configuration';
import { LIMITS } from '@holdfast/ha-core';
import { endpointName } from '@holdfast/redis';
import { CommandFailed } from './failures.ts';
import { askHttp } from './status/http-json.ts';

export type ApiAnswer = { readonly status: number; readonly body: unknown };

export type ApiClient = {
  /** GET may go to several backends in turn. Throws `CommandFailed` when none answers. */
  readonly get: (path: string) => Promise<ApiAnswer>;
  /** A POST that may be repeated by its id. Throws `CommandFailed`; what is uncertain then is said. */
  readonly post: (path: string, body: unknown) => Promise<ApiAnswer>;
};

/** Above the backend's own limits, so that its answer is heard. */
const LIMIT_MS = LIMITS.acceptanceDeadlineMs + 3000;

/** The client of a cluster, with its API key. Throws ConfigurationError when the key cannot be read. */
export function createApiClient({ values, secret }: LoadedConfiguration): ApiClient {
  const key = secret('api.keyFile', values.api.keyFile);
  const bases = [values.api.listen, ...values.backends.map(({ listen }) => listen)].map(
    (listen) => `http://${endpointName(listen)}`,
  );
  const ask = async (path: string, more: { method?: 'POST'; body?: unknown }): Promise<ApiAnswer> => {
    const silent: string[] = [];
    let sent = false;
    for (const base of bases) {
      const answer = await askHttp({ url: `${base}${path}`, limitMs: LIMIT_MS, secret: key, ...more });
      if (answer.is === 'answered') return answer;
      silent.push(answer.why);
      sent ||= !answer.refused;
    }
    const doubt =
      more.method === 'POST' && sent
        ? '\nIt may have been accepted all the same: repeat the command with the same id to find out.'
        : '';
    throw new CommandFailed(`no backend answers:\n  ${silent.join('\n  ')}${doubt}`);
  };
  return { get: (path) => ask(path, {}), post: (path, body) => ask(path, { method: 'POST', body }) };
}

/** The body of a good answer. Throws `CommandFailed` with the API's own words for a refusal. */
export function goodBody({ status, body }: ApiAnswer): unknown {
  if (status >= 200 && status < 300) return body;
  throw new CommandFailed(refusalText(status, body));
}

type Refusal = {
  readonly error?: {
    readonly code?: unknown;
    readonly message?: unknown;
    readonly fields?: readonly {
      readonly field: unknown;
      readonly value: unknown;
      readonly expected: unknown;
    }[];
  };
};

function refusalText(status: number, body: unknown): string {
  const error = typeof body === 'object' && body !== null ? (body as Refusal).error : undefined;
  if (error === undefined) return `the API answered ${status}: ${JSON.stringify(body)}`;
  const fields = (error.fields ?? []).map(
    ({ field, value, expected }) => `  ${String(field)}: ${String(value)}, ${sentence(String(expected))}`,
  );
  return [`refused (${status} ${String(error.code)}): ${String(error.message)}`, ...fields].join('\n');
}

function sentence(expected: string): string {
  return expected.startsWith('expected') ? expected : `expected ${expected}`;
}
