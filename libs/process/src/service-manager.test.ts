/** What the service manager is told, with a systemd-notify of the test's own on the path. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { realHost } from './host.ts';
import { createLog } from './log.ts';
import { type ServiceManager, serviceManager } from './service-manager.ts';

type Told = { readonly manager: ServiceManager; readonly told: () => string[]; readonly log: () => string };

function start(
  environment: NodeJS.ProcessEnv,
  alive: () => string | undefined = () => undefined,
  script?: string,
): Told {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-notify-'));
  const file = join(folder, 'told');
  const logFile = join(folder, 'log');
  if (script !== 'none') {
    writeFileSync(join(folder, 'systemd-notify'), `#!/bin/sh\n${script ?? `echo "$1" >> ${file}`}\n`);
    chmodSync(join(folder, 'systemd-notify'), 0o755);
  }
  const manager = serviceManager({
    host: realHost,
    log: createLog({ name: 'engine-1', level: 'info', file: logFile }),
    alive,
    environment: { PATH: script === 'none' ? folder : `${folder}:/usr/bin:/bin`, ...environment },
  });
  const read = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  onTestFinished(async () => {
    manager.stopping();
    await vi.waitFor(() => rmSync(folder, { recursive: true, force: true }));
  });
  return { manager, told: () => read(file).split('\n').slice(0, -1), log: () => read(logFile) };
}

test('ready and stopping are said; without a watchdog there is no beat', async () => {
  const { manager, told } = start({ NOTIFY_SOCKET: '/run/none' });
  manager.ready();
  await vi.waitFor(() => expect(told()).toEqual(['READY=1']));
  manager.stopping();
  await vi.waitFor(() => expect(told()).toEqual(['READY=1', 'STOPPING=1']));
});

test('the watchdog hears the beat while the loop turns, and none when it does not', async () => {
  let stalled: string | undefined;
  const { manager, told, log } = start(
    { NOTIFY_SOCKET: '/run/none', WATCHDOG_USEC: '150000', WATCHDOG_PID: String(process.pid) },
    () => stalled,
  );
  manager.ready();
  await vi.waitFor(() => expect(told().filter((line) => line === 'WATCHDOG=1').length).toBeGreaterThan(1));
  stalled = 'the loop has not turned';
  await vi.waitFor(() => expect(log()).toContain('no beat for the watchdog'));
});

test('a watchdog that is meant for another process is left alone', async () => {
  const { manager, told } = start({ NOTIFY_SOCKET: '/run/none', WATCHDOG_USEC: '3000', WATCHDOG_PID: '1' });
  manager.ready();
  await vi.waitFor(() => expect(told()).toEqual(['READY=1']));
  await new Promise((resolve) => realHost.after(30, () => resolve(undefined)));
  expect(told()).toEqual(['READY=1']);
});

test('a systemd-notify that fails or is missing is said in the log', async () => {
  const failing = start({ NOTIFY_SOCKET: '/run/none' }, () => undefined, 'exit 3');
  failing.manager.ready();
  await vi.waitFor(() => expect(failing.log()).toContain('systemd-notify failed'));
  const missing = start({ NOTIFY_SOCKET: '/run/none' }, () => undefined, 'none');
  missing.manager.ready();
  await vi.waitFor(() => expect(missing.log()).toContain('systemd-notify cannot be run'));
});

test('without a service manager nothing is started', () => {
  const { manager, told } = start({ WATCHDOG_USEC: '3000' });
  manager.ready();
  manager.stopping();
  expect(told()).toEqual([]);
});
