/**
 * The simulated broker's process: `node tools/mt5-sim/src/main.ts --config FILE`. Terminals call at simulator.broker,
 * people and drills at simulator.http. Its ledger survives it. Not for real money, and on loopback only.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfiguration } from '@holdfast/configuration';
import {
  crashOnUnhandled,
  createLog,
  createMetrics,
  createTcpNetwork,
  keepCompiled,
  onShutdown,
  realHost,
  startHealth,
  watchProgress,
} from '@holdfast/process';
import { createBroker } from './broker/broker.ts';
import { parseRecordedBars, type RecordedBar } from './broker/recorded-bars.ts';
import { SYMBOLS } from './broker/symbols.ts';
import { createBrokerServer } from './link/broker-server.ts';
import { demoAccount } from './server/demo-account.ts';
import { openLedgerFile } from './server/ledger-file.ts';
import { brokerRoutes } from './server/routes.ts';

const STOP_WITHIN_MS = 3000;
/** A list of all deals of a long run waits to be sent as a whole. */
const SEND_QUEUE_BYTES_MAX = 64 * 1024 * 1024;

const { values: argv } = parseArgs({ options: { config: { type: 'string' }, name: { type: 'string' } } });
if (argv.config === undefined) {
  process.stderr.write('usage: mt5-sim --config FILE [--name NAME]\n');
  process.exit(2);
}
const configuration = loadConfiguration(argv.config);
const { values } = configuration;
const { simulator } = values;
if (simulator === undefined) {
  process.stderr.write(
    `${argv.config}: simulator: missing, expected where the simulated broker is to listen\n`,
  );
  process.exit(2);
}
const name = argv.name ?? 'broker';
const log = createLog({ name, level: values.log.level });
crashOnUnhandled(log);

const ledgerFile = openLedgerFile(configuration.path(simulator.state), (bytes) =>
  log.warn({ bytes }, 'the last line of the ledger was torn and is cut off'),
);
const broker = createBroker({
  host: realHost,
  seed: simulator.seed,
  latencyMs: simulator.latencyMs,
  accounts: values.accounts.map(demoAccount),
  bars: simulator.prices === undefined ? new Map() : recordedPrices(configuration.path(simulator.prices)),
  restore: ledgerFile.records,
  onRecord: ledgerFile.append,
});
const server = await createBrokerServer({
  host: realHost,
  network: createTcpNetwork({ sendQueueBytesMax: SEND_QUEUE_BYTES_MAX }),
  endpoint: simulator.broker,
  broker,
  log: (event, detail) => log.info(detail, event),
});
const progress = watchProgress(realHost, { everyMs: 100, stalledMs: 2000 });
const health = await startHealth({
  endpoint: simulator.http,
  alive: progress.alive,
  ready: () => undefined,
  metrics: createMetrics(name),
  routes: brokerRoutes(broker),
  log,
});
keepCompiled();
onShutdown(
  log,
  async () => {
    server.close();
    broker.stop();
    progress.stop();
    await health.close();
    ledgerFile.close();
  },
  STOP_WITHIN_MS,
);
log.info({ broker: simulator.broker, http: simulator.http, records: ledgerFile.records.length }, 'started');

/** Bars of the one symbol that the file is named after: `EURUSD_H1.csv`. */
function recordedPrices(path: string): ReadonlyMap<string, readonly RecordedBar[]> {
  const file = basename(path);
  const symbol = SYMBOLS.find(
    (each) => file.startsWith(`${each.symbol}_`) || file.startsWith(`${each.symbol}.`),
  );
  if (symbol === undefined) {
    const names = SYMBOLS.map((each) => each.symbol).join(', ');
    throw new Error(
      `price file ${path}: expected a name such as EURUSD_H1.csv that begins with one of ${names}`,
    );
  }
  try {
    return new Map([[symbol.symbol, parseRecordedBars(readFileSync(path, 'utf8'), symbol)]]);
  } catch (error) {
    throw new Error(`price file ${path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
