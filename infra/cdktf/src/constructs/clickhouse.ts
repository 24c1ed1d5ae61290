/** ClickHouse: a server of the official image, or for tests the embedded one behind the same address. */
import { basename } from 'node:path';
import { CLICKHOUSE_DATA, SECRETS_FOLDER } from '../environment/container-places.ts';
import type { Process } from '../environment/processes.ts';
import { CLICKHOUSE_FOLDERS, clickhouseFiles, clickhousePassword } from '../files/clickhouse.ts';
import { fileWriter } from '../files/file-writer.ts';
import type { Stack } from '../stack.ts';
import type { Container } from '../terraform.ts';
import { addContainer } from './container.ts';

/** Adds ClickHouse. */
export function addClickHouse(stack: Stack, process: Process): Container {
  const { values, cluster } = stack.environment;
  const [image, limit] = [values.images.clickhouse, values.limits.clickhouse];
  if (image === undefined || limit === undefined) {
    throw new Error('ClickHouse has no image or no limits: the environment was not checked');
  }
  const { hostname, port } = new URL(cluster.clickhouse.url);
  const ping = `http://${hostname}:${port}/ping`;
  const options = { process, image, limit, user: values.users.clickhouse, untilHealthy: true };
  if (values.embeddedClickHouse) {
    return addContainer(stack, {
      ...options,
      command: ['--host', hostname, '--port', port, '--path', CLICKHOUSE_DATA],
      healthTest: ['CMD', '/usr/local/bin/node', '/app/healthcheck.js', ping],
    });
  }
  const { passwordFile } = cluster.clickhouse;
  const secret = passwordFile === undefined ? undefined : `${SECRETS_FOLDER}/${basename(passwordFile)}`;
  return addContainer(stack, {
    ...options,
    ...fileWriter(clickhouseFiles(stack.environment), clickhousePassword(secret)),
    // Past the image's entry point, which would change owners as root and write a user of its own.
    command: ['clickhouse-server', '--config-file=/etc/clickhouse-server/config.xml'],
    memoryFolders: CLICKHOUSE_FOLDERS,
    readsSecrets: secret !== undefined,
    healthTest: ['CMD', 'wget', '-q', '-O', '/dev/null', ping],
  });
}
