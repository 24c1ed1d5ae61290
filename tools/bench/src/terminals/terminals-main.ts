/**
 * The simulated terminals of all accounts in one process: `--config FILE --name terminals`. On a user's machines each
 * has a machine of its own; here they must leave the processors to what is measured, so their journals are not flushed.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfiguration } from '@holdfast/configuration';
import { createRemoteBroker, createTerminal, openJournalFile } from '@holdfast/mt5-sim';
import { crashOnUnhandled, createLog, createTcpNetwork, onShutdown, realHost } from '@holdfast/process';

const STOP_WITHIN_MS = 3000;

const { values: given } = parseArgs({ options: { config: { type: 'string' }, name: { type: 'string' } } });
if (given.config === undefined || given.name === undefined)
  throw new Error('expected --config FILE --name NAME');
const configuration = loadConfiguration(given.config);
const { values } = configuration;
const { simulator } = values;
if (simulator === undefined) throw new Error(`${given.config}: simulator: missing`);
const log = createLog({ name: given.name, level: 'warn' });
crashOnUnhandled(log);
const network = createTcpNetwork();
const boot = randomBytes(16).toString('hex');

const terminals = values.accounts.flatMap((account, index) =>
  account.terminals.map(({ name, role }) => {
    const journal = openJournalFile(join(configuration.path(simulator.journals), `${name}.journal`), {
      sync: 'off',
      onTorn: () => undefined,
    });
    const say = (event: string, detail: Record<string, unknown>): void => log.debug(detail, event);
    const terminal = createTerminal({
      host: realHost,
      network,
      broker: createRemoteBroker({
        host: realHost,
        network,
        endpoint: simulator.broker,
        account: account.account,
        terminal: name,
        log: say,
      }),
      journal,
      account: account.account,
      terminal: name,
      role,
      margin: account.margin,
      login: String(500_001 + index),
      server: 'Holdfast-Demo',
      secret: configuration.secret(`accounts[${index}].bridgeSecretFile`, account.bridgeSecretFile),
      boot,
      engines: values.engines.map((engine) => ({ name: engine.name, endpoint: engine.bridge })),
      nonce: () => randomBytes(16).toString('hex'),
      log: say,
      onDead: (error) => {
        throw error;
      },
    });
    return { terminal, journal };
  }),
);
onShutdown(
  log,
  () => {
    for (const { terminal, journal } of terminals) {
      terminal.stop();
      journal.close();
    }
    return Promise.resolve();
  },
  STOP_WITHIN_MS,
);
