/**
 * One simulated terminal's process: `node tools/mt5-sim/src/terminal-main.ts --config FILE --name terminal-1`. It calls
 * every engine, as the Expert Advisor in a real terminal does, and keeps its journal in simulator.journals.
 *
 * `--journal-sync off` leaves out the flush of the journal, for measurements of everything else; it is no mode to
 * trade in. `--timer-floor MS` models MT5's timer.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfiguration } from '@holdfast/configuration';
import {
  crashOnUnhandled,
  createLog,
  createTcpNetwork,
  keepCompiled,
  onShutdown,
  realHost,
} from '@holdfast/process';
import { createRemoteBroker } from './link/remote-broker.ts';
import { demoAccount } from './server/demo-account.ts';
import { openJournalFile } from './terminal/journal-file.ts';
import { createTerminal, TerminalCrashed } from './terminal/terminal.ts';

const STOP_WITHIN_MS = 3000;
const SEND_QUEUE_BYTES_MAX = 64 * 1024 * 1024;
/** Events of every command; the rest happens rarely. */
const FREQUENT = new Set(['order_send', 'command_result']);

const { values: argv } = parseArgs({
  options: {
    config: { type: 'string' },
    name: { type: 'string' },
    'journal-sync': { type: 'string', default: 'always' },
    'timer-floor': { type: 'string', default: '0' },
  },
});
const sync = argv['journal-sync'];
const timerFloorMs = Number(argv['timer-floor']);
if (
  argv.config === undefined ||
  argv.name === undefined ||
  (sync !== 'always' && sync !== 'off') ||
  !(timerFloorMs >= 0 && timerFloorMs <= 1000)
) {
  process.stderr.write(
    'usage: terminal --config FILE --name NAME [--journal-sync always|off] [--timer-floor 0..1000]\n',
  );
  process.exit(2);
}
const configuration = loadConfiguration(argv.config);
const { values } = configuration;
const index = values.accounts.findIndex(({ terminals }) => terminals.some(({ name }) => name === argv.name));
const account = values.accounts[index];
const own = account?.terminals.find(({ name }) => name === argv.name);
const { simulator } = values;
if (account === undefined || own === undefined || simulator === undefined) {
  const names = values.accounts.flatMap(({ terminals }) => terminals.map(({ name }) => name)).join(', ');
  const why =
    simulator === undefined
      ? 'simulator: missing, expected the simulated broker'
      : `--name ${argv.name}: no such terminal, expected one of ${names}`;
  process.stderr.write(`${argv.config}: ${why}\n`);
  process.exit(2);
}

const log = createLog({ name: own.name, level: values.log.level });
crashOnUnhandled(log);
const say = (event: string, detail: Record<string, unknown>): void => {
  if (FREQUENT.has(event)) log.debug(detail, event);
  else log.info(detail, event);
};
const network = createTcpNetwork({ sendQueueBytesMax: SEND_QUEUE_BYTES_MAX });
const { login, server } = demoAccount(account, index);
const path = join(configuration.path(simulator.journals), `${own.name}.journal`);
const journal = openJournalFile(path, {
  sync,
  onTorn: (characters) =>
    log.warn({ path, characters }, 'the last line of the journal was torn and is cut off'),
});
const terminal = createTerminal({
  host: realHost,
  network,
  broker: createRemoteBroker({
    host: realHost,
    network,
    endpoint: simulator.broker,
    account: account.account,
    terminal: own.name,
    log: say,
  }),
  journal,
  account: account.account,
  terminal: own.name,
  role: own.role,
  margin: account.margin,
  login,
  server,
  secret: configuration.secret(`accounts[${index}].bridgeSecretFile`, account.bridgeSecretFile),
  boot: bootOfHost(),
  engines: values.engines.map((engine) => ({ name: engine.name, endpoint: engine.bridge })),
  nonce: () => randomBytes(16).toString('hex'),
  timerFloorMs,
  log: say,
  onDead: (error) => {
    // A crash that was asked for ends the process as a kill does: nothing more is written.
    if (error instanceof TerminalCrashed) process.kill(process.pid, 'SIGKILL');
    throw error;
  },
});
keepCompiled();
onShutdown(
  log,
  () => {
    terminal.stop();
    journal.close();
    return Promise.resolve();
  },
  STOP_WITHIN_MS,
);
log.info({ account: account.account, journal: path, incarnation: terminal.journal }, 'started');

/** Names this start of the machine: the kernel's own id, else the time at which it started, by the minute. */
function bootOfHost(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return `${hostname()
      .replace(/[^A-Za-z0-9._:-]/g, '-')
      .slice(0, 40)}:${Math.round((Date.now() / 1000 - uptime()) / 60)}`;
  }
}
