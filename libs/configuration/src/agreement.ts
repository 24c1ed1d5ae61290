/** What a schema cannot say field by field: names, endpoints and references must agree over the whole file. */
import type { Fault } from './configuration-error.ts';
import { pathText } from './configuration-error.ts';
import type { Configuration } from './schema.ts';

type Path = readonly (string | number)[];
export type AgreementFault = Omit<Fault, 'path' | 'line'> & { readonly path: Path };

/** Every disagreement of a configuration whose fields are right by themselves; none is an empty list. */
export function disagreements(values: Configuration): AgreementFault[] {
  return [
    ...names(values),
    ...endpoints(values),
    ...sentinels(values),
    ...wardens(values),
    ...redisUsers(values),
    ...values.accounts.flatMap((_, index) => terminalsAndSymbols(values, index)),
    ...webhooks(values),
    ...clickhouseUrl(values),
  ];
}

function names(values: Configuration): AgreementFault[] {
  const named = (list: readonly { readonly name: string }[], path: Path): [Path, string][] =>
    list.map(({ name }, index) => [[...path, index, 'name'], name]);
  return [
    ...twice('the name', [
      ...named(values.redis.nodes, ['redis', 'nodes']),
      ...named(values.redis.sentinels, ['redis', 'sentinels']),
      ...named(values.redis.wardens, ['redis', 'wardens']),
      ...named(values.engines, ['engines']),
      ...named(values.backends, ['backends']),
      [['sync', 'name'], values.sync.name],
    ]),
    ...twice(
      'the account',
      values.accounts.map(({ account }, index) => [['accounts', index, 'account'], account]),
    ),
    ...twice('the name', named(values.webhooks, ['webhooks'])),
    ...twice(
      'the token file',
      values.webhooks.map(({ tokenFile }, index) => [['webhooks', index, 'tokenFile'], tokenFile]),
    ),
  ];
}

/** Nothing may listen where something else does: every mapping with a host and a port counts, and ClickHouse's URL. */
function endpoints(values: Configuration): AgreementFault[] {
  const found: [Path, string][] = [];
  const collect = (value: unknown, path: Path): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('host' in value && 'port' in value)
      found.push([path, `${sameHost(String(value.host))}:${String(value.port)}`]);
    for (const [key, below] of Object.entries(value)) {
      collect(below, [...path, Array.isArray(value) ? Number(key) : key]);
    }
  };
  collect(values, []);
  const url = new URL(values.clickhouse.url);
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  found.push([['clickhouse', 'url'], `${sameHost(url.hostname)}:${port}`]);
  return twice('the endpoint', found);
}

function sameHost(host: string): string {
  const lower = host.toLowerCase().replace(/^\[|\]$/g, '');
  return lower === 'localhost' || lower === '::1' ? '127.0.0.1' : lower;
}

function sentinels(values: Configuration): AgreementFault[] {
  const { nodes, sentinels: list } = values.redis;
  const path = ['redis', 'sentinels'];
  if (list.length === 0 && nodes.length > 1) {
    return [
      {
        path,
        message: `none, expected an odd number: ${nodes.length} Redis nodes need Sentinels to choose a primary`,
      },
    ];
  }
  if (list.length > 0 && list.length % 2 === 0) {
    return [
      {
        path,
        message: `${list.length} Sentinels, expected an odd number, so that one side of a cut has the majority`,
      },
    ];
  }
  return [];
}

/** A node without a warden would start and be promoted by what it remembers itself; two would work against each other. */
function wardens(values: Configuration): AgreementFault[] {
  const { nodes, wardens: list } = values.redis;
  const path = ['redis', 'wardens'];
  const known = nodes.map(({ name }) => name);
  const faults = list.flatMap(({ node }, index): AgreementFault[] =>
    known.includes(node)
      ? []
      : [
          {
            path: [...path, index, 'node'],
            message: `"${node}" is not a Redis node, expected one of: ${known.join(', ')}`,
          },
        ],
  );
  const without = known.filter((name) => !list.some(({ node }) => node === name));
  if (nodes.length > 1 && without.length > 0) {
    const found = list.length === 0 ? 'none' : `none for ${without.join(', ')}`;
    faults.push({
      path,
      message: `${found}, expected exactly one warden for each of the ${nodes.length} Redis nodes`,
    });
  }
  return [
    ...faults,
    ...twice(
      'a warden of',
      list.map(({ node }, index) => [[...path, index, 'node'], node]),
    ),
  ];
}

function redisUsers({ redis }: Configuration): AgreementFault[] {
  if (redis.users === undefined) return [];
  const both =
    redis.passwordFile === undefined
      ? []
      : [
          {
            path: ['redis', 'passwordFile'],
            message:
              'stands beside redis.users, expected one of them: with users nobody has a common password',
          },
        ];
  const files = Object.entries(redis.users).map(([user, { passwordFile }]): [Path, string] => [
    ['redis', 'users', user, 'passwordFile'],
    passwordFile,
  ]);
  return [...both, ...twice('the password file', files)];
}

function terminalsAndSymbols(values: Configuration, index: number): AgreementFault[] {
  const account = values.accounts[index];
  if (account === undefined) return [];
  const path = ['accounts', index];
  const faults = [
    ...twice(
      'the name',
      account.terminals.map(({ name }, at) => [[...path, 'terminals', at, 'name'], name]),
    ),
    ...twice(
      'the symbol',
      account.symbols.map((symbol, at) => [[...path, 'symbols', at], symbol]),
    ),
  ];
  const primaries = account.terminals.flatMap(({ role }, at) => (role === 'primary' ? [at] : []));
  if (primaries.length === 0) {
    faults.push({
      path: [...path, 'terminals'],
      message: 'no terminal has the role primary, expected exactly one',
    });
  }
  for (const at of primaries.slice(1)) {
    const first = pathText([...path, 'terminals', primaries[0] ?? 0, 'role']);
    faults.push({
      path: [...path, 'terminals', at, 'role'],
      message: `"primary" as at ${first}, expected exactly one primary terminal an account`,
    });
  }
  return faults;
}

function webhooks(values: Configuration): AgreementFault[] {
  return values.webhooks.flatMap((webhook, index): AgreementFault[] => {
    const path = ['webhooks', index];
    const account = values.accounts.find((each) => each.account === webhook.account);
    if (account === undefined) {
      const known = values.accounts.map((each) => each.account).join(', ');
      return [
        {
          path: [...path, 'account'],
          message: `"${webhook.account}" is not an account, expected one of: ${known}`,
        },
      ];
    }
    return Object.entries(webhook.symbols)
      .filter(([, symbol]) => !account.symbols.includes(symbol))
      .map(([ticker, symbol]) => ({
        path: [...path, 'symbols', ticker],
        message: `"${symbol}" is not a symbol of the account ${account.account}, expected one of: ${account.symbols.join(', ')}`,
      }));
  });
}

function clickhouseUrl(values: Configuration): AgreementFault[] {
  const url = new URL(values.clickhouse.url);
  const path = ['clickhouse', 'url'];
  const faults: AgreementFault[] = [];
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    faults.push({ path, message: `the scheme is ${url.protocol}, expected http: or https:` });
  }
  if (url.username !== '' || url.password !== '') {
    faults.push({
      path,
      message: 'holds a user or a password, expected them in clickhouse.user and clickhouse.passwordFile',
    });
  }
  return faults;
}

function twice(what: string, all: readonly (readonly [Path, string])[]): AgreementFault[] {
  const first = new Map<string, Path>();
  const faults: AgreementFault[] = [];
  for (const [path, value] of all) {
    const earlier = first.get(value);
    if (earlier === undefined) first.set(value, path);
    else faults.push({ path, message: `${what} "${value}" stands at ${pathText(earlier)} already` });
  }
  return faults;
}
