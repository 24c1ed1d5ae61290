/**
 * Three hosts and two clients on one switch, as network namespaces. All of it lives in the private namespaces that
 * launch.ts made: the addresses exist nowhere else, and all ends with the process that holds them. The process that
 * runs the tests is the switch itself, so that no fault cuts the checker off.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Place } from '../../launch/launch.ts';

const run = promisify(execFile);

export const HOSTS = ['host-1', 'host-2', 'host-3'] as const;
export const CLIENTS = ['client-1', 'client-2'] as const;
export type Host = (typeof HOSTS)[number];
export type Client = (typeof CLIENTS)[number];
export type Machine = Host | Client;
export const MACHINES: readonly Machine[] = [...HOSTS, ...CLIENTS];

export type TestNetwork = {
  readonly place: Place;
  readonly address: (machine: Machine) => string;
  /** Where the tests themselves sit; no cut touches it. */
  readonly control: string;
  /** A command as it is run on that machine. */
  readonly on: (machine: Machine, command: readonly string[]) => readonly string[];
  /** The port of the switch that the machine hangs on. */
  readonly port: (machine: Machine) => string;
};

const BRIDGE = 'switch0';
const SUBNET = '10.77.0';
const NUMBERS: Readonly<Record<Machine, number>> = {
  'host-1': 1,
  'host-2': 2,
  'host-3': 3,
  'client-1': 11,
  'client-2': 12,
};

/** Makes the network; on loopback every machine has an address of its own in 127/8 and no link that could be cut. */
export async function createNetwork(place: Place): Promise<TestNetwork> {
  if (place === 'loopback') {
    const block = 64 + (process.pid % 128);
    return {
      place,
      address: (machine) => `127.${block}.0.${NUMBERS[machine]}`,
      control: '127.0.0.1',
      on: (_, command) => command,
      port: (machine) => machine,
    };
  }
  const control = `${SUBNET}.100`;
  await ip('link', 'set', 'lo', 'up');
  await ip('link', 'add', BRIDGE, 'type', 'bridge');
  await ip('addr', 'add', `${control}/24`, 'dev', BRIDGE);
  await ip('link', 'set', BRIDGE, 'up');
  for (const machine of MACHINES) await attach(machine);
  return {
    place,
    address: (machine) => `${SUBNET}.${NUMBERS[machine]}`,
    control,
    on: (machine, command) => ['nsenter', `--net=/run/netns/${machine}`, ...command],
    port: portOf,
  };
}

const portOf = (machine: Machine): string => `port-${machine}`;

async function attach(machine: Machine): Promise<void> {
  await ip('netns', 'add', machine);
  await ip('link', 'add', portOf(machine), 'type', 'veth', 'peer', 'name', 'eth0', 'netns', machine);
  await ip('link', 'set', portOf(machine), 'master', BRIDGE);
  await ip('link', 'set', portOf(machine), 'up');
  const inside = (...args: string[]): Promise<unknown> => ip('-n', machine, ...args);
  await inside('link', 'set', 'lo', 'up');
  await inside('addr', 'add', `${SUBNET}.${NUMBERS[machine]}/24`, 'dev', 'eth0');
  await inside('link', 'set', 'eth0', 'up');
}

/** Runs `ip`. Rejects with what it said. */
export async function ip(...args: string[]): Promise<void> {
  try {
    await run('ip', args);
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    throw new Error(`ip ${args.join(' ')}: ${stderr.trim()}`, { cause: error });
  }
}
