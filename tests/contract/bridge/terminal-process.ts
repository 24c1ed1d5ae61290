/** The real side of the bridge contract: the terminal's own process with its journal file, over TCP. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createBrokerServer } from '@holdfast/mt5-sim';
import { createTcpNetwork, realHost } from '@holdfast/process';
import { expect } from 'vitest';
import {
  ACCOUNT,
  type BridgeSide,
  brokerOn,
  engineSide,
  LOOPBACK,
  SECRET,
  WITHIN_MS,
} from './bridge-side.ts';

const PROGRAM = fileURLToPath(new URL('../../../tools/mt5-sim/src/terminal-main.ts', import.meta.url));

/** `engineSecret`: what the engine takes for the account's secret, where it is another one. */
export async function realSide(engineSecret = SECRET): Promise<BridgeSide> {
  const network = createTcpNetwork();
  const broker = brokerOn(realHost);
  const engine = await engineSide(realHost, network, 0, engineSecret);
  const brokerServer = await createBrokerServer({
    host: realHost,
    network,
    endpoint: { host: LOOPBACK, port: 0 },
    broker,
    log: () => {},
  });
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bridge-'));
  const file = writeConfiguration(folder, engine.port, brokerServer.port);
  let child: ChildProcess;
  let output = '';
  const start = (): void => {
    child = spawn(process.execPath, [PROGRAM, '--config', file, '--name', 'terminal-1'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (data) => (output = `${output}${String(data)}`.slice(-4000)));
  };
  const isDead = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const kill = async (): Promise<void> => {
    const over = new Promise<void>((resolve) => {
      if (isDead()) resolve();
      else child.once('exit', () => resolve());
    });
    child.kill('SIGKILL');
    await over;
  };
  start();
  return {
    ...engine,
    broker,
    until: (holds) =>
      expect
        .poll(holds, { timeout: WITHIN_MS, interval: 5, message: `the terminal said: ${output}` })
        .toBe(true),
    drive: (promise) => promise,
    kill,
    start,
    freeze: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    isDead,
    end: async () => {
      await kill();
      engine.close();
      brokerServer.close();
      broker.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** What the terminal's program reads; nothing but its own parts is ever dialled. */
function writeConfiguration(folder: string, enginePort: number, brokerPort: number): string {
  const at = (port: number) => ({ host: LOOPBACK, port });
  const secret = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return name;
  };
  const values = {
    cluster: 'bridge',
    redis: {
      nodes: [{ name: 'redis-1', ...at(1) }],
      sentinels: [{ name: 'sentinel-1', ...at(2) }],
      wardens: [{ name: 'warden-1', node: 'redis-1', peer: at(3), health: at(4) }],
    },
    engines: [{ name: 'engine-1', bridge: at(enginePort), peer: at(5), health: at(6) }],
    backends: [{ name: 'backend-1', listen: at(7) }],
    api: { listen: at(8), keyFile: secret('api.key', 'a-key-of-the-tests') },
    sync: { name: 'sync', api: at(9), database: 'results.duckdb' },
    clickhouse: { url: 'http://127.0.0.1:10' },
    clusterSecretFile: secret('cluster.secret', 'a-secret-of-the-tests'),
    accounts: [
      {
        account: ACCOUNT,
        margin: 'hedging',
        bridgeSecretFile: secret('bridge.secret', SECRET),
        terminals: [{ name: 'terminal-1', role: 'primary' }],
        symbols: ['EURUSD'],
      },
    ],
    simulator: { broker: at(brokerPort), http: at(11), state: 'broker', journals: 'journals' },
  };
  const file = join(folder, 'holdfast.yaml');
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(values));
  return file;
}
