/**
 * The entry point of every image: writes the configuration that came with the environment, waits before a start as a
 * service manager does before a restart, and becomes the program.
 *
 *   node start.js [redis|sentinel|warden|broker|terminal] --config FILE …
 *
 * HOLDFAST_CONFIG is the text of the file that --config names; without it the file must be there. HOLDFAST_RESTART_DELAY_MS
 * is the wait: Docker has no delay of its own that stays the same, and with a read-only root nothing tells a first start.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const PROGRAMS = {
  redis: 'container-main.js',
  sentinel: 'container-main.js',
  warden: 'main.js',
  broker: 'main.js',
  terminal: 'terminal-main.js',
};
const DELAY_MS_MAX = 60_000;

const fail = (message) => {
  process.stderr.write(`start: ${message}\n`);
  process.exit(2);
};

const [first = '', ...rest] = process.argv.slice(2);
const isWord = first !== '' && !first.startsWith('-');
const file = isWord ? PROGRAMS[first] : 'main.js';
if (file === undefined) fail(`${first}: expected one of ${Object.keys(PROGRAMS).join(', ')}, or --config FILE`);

const { HOLDFAST_CONFIG: text, HOLDFAST_RESTART_DELAY_MS: delay = '0' } = process.env;
if (text !== undefined) {
  const path = process.argv[process.argv.indexOf('--config') + 1];
  if (!process.argv.includes('--config') || path === undefined) {
    fail('HOLDFAST_CONFIG is set, expected --config FILE, which it is written to');
  }
  try {
    writeFileSync(path, text, { mode: 0o600 });
  } catch (error) {
    fail(`--config ${path}: HOLDFAST_CONFIG cannot be written there: ${error.message}`);
  }
  // Programs that this one starts have no use for it.
  delete process.env.HOLDFAST_CONFIG;
}

const delayMs = Number(delay);
if (!(delayMs >= 0 && delayMs <= DELAY_MS_MAX)) {
  fail(`HOLDFAST_RESTART_DELAY_MS=${delay}: expected milliseconds from 0 to ${DELAY_MS_MAX}`);
}
// The first process of a container gets no signal that it does not ask for.
const leave = () => process.exit(143);
process.on('SIGTERM', leave);
await pause(delayMs);
process.removeListener('SIGTERM', leave);

// container-main.js asks which of the two it is; the others take options only.
const keepsWord = file === 'container-main.js';
process.argv.splice(1, process.argv.length, file, ...(isWord && !keepsWord ? [] : [first]), ...rest);
await import(new URL(file, import.meta.url).href);
