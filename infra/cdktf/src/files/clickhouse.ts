/** What a ClickHouse server is told: one address, one port, one user whose password comes from the environment. */
import type { Environment } from '../environment/load.ts';
import type { File } from './file-writer.ts';

export const CLICKHOUSE_FOLDERS = [
  '/etc/clickhouse-server/config.d',
  '/etc/clickhouse-server/users.d',
  '/var/log/clickhouse-server',
];

const PASSWORD = 'HOLDFAST_CLICKHOUSE_PASSWORD';

/** Every other protocol and its port is closed. */
const CLOSED = ['tcp_port', 'mysql_port', 'postgresql_port', 'interserver_http_port'];

/** The files beside those of the image. */
export function clickhouseFiles({ cluster }: Environment): readonly File[] {
  const { url, user } = cluster.clickhouse;
  const { hostname, port } = new URL(url);
  const server = [
    `<listen_host>${hostname}</listen_host>`,
    `<http_port>${port}</http_port>`,
    ...CLOSED.map((name) => `<${name} remove="1"/>`),
    '<logger><console>1</console><log remove="1"/><errorlog remove="1"/></logger>',
  ];
  const users = [
    '<users>',
    ...(user === 'default' ? [] : ['<default remove="1"/>']),
    `<${user}${user === 'default' ? ' replace="1"' : ''}>`,
    `<password from_env="${PASSWORD}"/>`,
    '<networks><ip>::/0</ip></networks>',
    '<profile>default</profile><quota>default</quota>',
    `</${user}>`,
    '</users>',
  ];
  const file = (folder: string, lines: readonly string[]): File => ({
    path: `/etc/clickhouse-server/${folder}/holdfast.xml`,
    text: `<clickhouse>\n${lines.join('\n')}\n</clickhouse>\n`,
  });
  return [file('config.d', server), file('users.d', users)];
}

/** Shell that puts the password into the server's environment: it is in no file of ours and in no state. */
export function clickhousePassword(secretFile: string | undefined): readonly string[] {
  return secretFile === undefined
    ? [`export ${PASSWORD}=`]
    : [`${PASSWORD}="$(cat '${secretFile}')"`, `export ${PASSWORD}`];
}
