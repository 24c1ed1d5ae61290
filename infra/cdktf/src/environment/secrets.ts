/** The secret files that an environment needs: by their names only. Nothing here reads what is in them. */
import { basename } from 'node:path';
import { type Configuration, pathText } from '@holdfast/configuration';
import { SECRETS_FOLDER } from './container-places.ts';
import type { EnvironmentValues } from './schema.ts';

export type SecretFile = { readonly field: string; readonly file: string; readonly name: string };

type Fault = { readonly path: string; readonly message: string };

/** Fields of holdfast.yaml whose file is opened by its path, and not looked for in the folder of credentials. */
const BY_PATH = /^(api\.keyFile|redis\.tls\.)/;

/** Every field of a configuration that names a file of the secrets: they all end in `File`. */
export function secretFiles(cluster: Configuration): readonly SecretFile[] {
  const found: SecretFile[] = [];
  const collect = (value: unknown, path: readonly (string | number)[]): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, below] of Object.entries(value)) {
      const at = [...path, Array.isArray(value) ? Number(key) : key];
      if (typeof below === 'string' && key.endsWith('File')) {
        found.push({ field: pathText(at), file: below, name: basename(below) });
      } else collect(below, at);
    }
  };
  collect(cluster, []);
  return found;
}

/** Secrets that no container would find, and those that are not in the local folder. */
export function secretFaults(
  values: EnvironmentValues,
  cluster: Configuration,
  isThere: (name: string) => boolean,
): readonly Fault[] {
  const files = secretFiles(cluster);
  const wrong = files.flatMap(({ field, file, name }): Fault[] => {
    const mounted = `${SECRETS_FOLDER}/${name}`;
    if (file === mounted || (!file.startsWith('/') && !BY_PATH.test(field))) return [];
    const message = `"${file}" is not there in a container, expected "${mounted}"`;
    return [{ path: `${values.cluster}: ${field}`, message }];
  });
  const { adminPasswordFile } = values.grafana;
  const grafana =
    values.images.grafana === undefined
      ? []
      : [{ path: 'grafana.adminPasswordFile', name: basename(adminPasswordFile) }];
  const wanted = [
    ...files.map(({ field, name }) => ({ path: `${values.cluster}: ${field}`, name })),
    ...grafana,
  ];
  const { localSecrets } = values;
  if (localSecrets === undefined) return wrong;
  const missing = wanted
    .filter(({ name }) => !isThere(name))
    .map(({ path, name }) => ({
      path,
      message: `the secret ${name} is not in ${localSecrets}, or is empty, expected it there`,
    }));
  return [...wrong, ...missing];
}
