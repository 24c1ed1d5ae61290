/** What a user needs once the cluster is up: where everything is, and a first signal to paste. */
import { join } from 'node:path';
import type { LoadedConfiguration } from '@holdfast/configuration';
import { endpointName } from '@holdfast/redis';

/** Lines for a terminal. */
export function whereThingsAre(configuration: LoadedConfiguration, folder: string): readonly string[] {
  const { values } = configuration;
  const api = `http://${endpointName(values.api.listen)}`;
  const keyFile = configuration.path(values.api.keyFile);
  const account = values.accounts[0]?.account ?? '';
  const symbol = values.accounts[0]?.symbols[0] ?? '';
  const state = folder === join(process.cwd(), '.holdfast') ? '' : ` --state ${shellWord(folder)}`;
  const webhooks = values.webhooks.map(({ name, tokenFile }) => {
    const token = shellWord(configuration.path(tokenFile));
    return `  webhook ${name.padEnd(6)}  ${api}/v1/webhooks/tradingview/$(cat ${token})`;
  });
  const simulator =
    values.simulator === undefined
      ? []
      : [`  simulator       http://${endpointName(values.simulator.http)}/ledger`];
  return [
    'Holdfast is ready.',
    '',
    `  console         ${api}/`,
    `  API             ${api}/v1 (described in ${api}/openapi.json)`,
    `  API key         ${keyFile}`,
    ...webhooks,
    ...simulator,
    `  accounts        ${values.accounts.map(({ account: name }) => name).join(', ')}`,
    `  state, logs     ${folder}, ${join(folder, 'logs')}`,
    '',
    'A first signal:',
    '',
    `  curl -sS ${api}/v1/accounts/${account}/signals \\`,
    `    -H "Authorization: Bearer $(cat ${shellWord(keyFile)})" -H 'Content-Type: application/json' \\`,
    `    -d '{"id":"first-1","action":"open","symbol":"${symbol}","side":"buy","volume":"0.10"}'`,
    `  npx holdfast signal show --account ${account} --id first-1${state}`,
    '',
    `npx holdfast status --watch${state} shows it live, npx holdfast down${state} ends it.`,
  ];
}

/** A word that a shell reads as it is. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
