/**
 * The system that a drill breaks: what it consists of, which processes it has at this moment, where it answers. A user's
 * running cluster and the one that the chaos suite starts are the same thing here.
 */
import { join } from 'node:path';
import type { LoadedConfiguration } from '@holdfast/configuration';
import { isRunning, localNodes, readState, signalProcess } from '@holdfast/local-cluster';

export type Part = {
  readonly name: string;
  /** redis, sentinel, warden, engine, backend, sync, clickhouse, broker, terminal */
  readonly kind: string;
};

export type Account = {
  readonly account: string;
  readonly margin: 'netting' | 'hedging';
  readonly symbols: readonly string[];
  readonly terminals: readonly string[];
};

export type Place = { readonly host: string; readonly port: number };

export type System = {
  readonly folder: string;
  readonly parts: readonly Part[];
  readonly accounts: readonly Account[];
  /** Addresses of the backends' HTTP interfaces. */
  readonly backends: readonly { readonly name: string; readonly url: string }[];
  readonly engines: readonly {
    readonly name: string;
    readonly url: string;
    readonly bridge: Place;
    readonly peer: Place;
  }[];
  readonly redis: readonly (Place & { readonly name: string })[];
  readonly apiKey: string;
  /** The simulated broker: its HTTP interface and its ledger. Undefined where brokers are real. */
  readonly simulator: { readonly url: string; readonly ledger: string } | undefined;
  readonly journal: (terminal: string) => string;
  /** The pid of a part that runs now. */
  readonly pid: (name: string) => number | undefined;
  /** Signals the very process of that part; throws when none runs. */
  readonly signal: (name: string, signal: NodeJS.Signals) => void;
  /** Whether somebody starts again what a drill ends. */
  readonly isSupervised: () => boolean;
};

/** The cluster whose state is in `folder`. Throws StateDamaged or ConfigurationError with the path. */
export function systemIn(folder: string): System {
  const { configuration, record } = readState(folder);
  const { values } = configuration;
  const parts = localNodes(values).flatMap(({ name, kind }) =>
    record.nodes[name] === undefined ? [] : [{ name, kind }],
  );
  const identity = (name: string) => {
    const known = readState(folder).record.nodes[name]?.process;
    return known !== null && known !== undefined && isRunning(known) ? known : undefined;
  };
  return {
    folder,
    parts,
    accounts: values.accounts.map(({ account, margin, symbols, terminals }) => ({
      account,
      margin,
      symbols,
      terminals: terminals.map(({ name }) => name),
    })),
    backends: values.backends.map(({ name, listen }) => ({ name, url: urlOf(listen) })),
    engines: values.engines.map(({ name, health, bridge, peer }) => ({
      name,
      url: urlOf(health),
      bridge,
      peer,
    })),
    redis: values.redis.nodes.map(({ name, host, port }) => ({ name, host, port })),
    apiKey: configuration.secret('api.keyFile', values.api.keyFile),
    simulator: simulatorOf(configuration),
    journal: (terminal) =>
      join(configuration.path(values.simulator?.journals ?? 'terminals'), `${terminal}.journal`),
    pid: (name) => identity(name)?.pid,
    signal: (name, signal) => {
      const known = identity(name);
      if (known === undefined || !signalProcess(known, signal)) throw new Error(`${name} has no process`);
    },
    isSupervised: () => {
      const { supervisor } = readState(folder).record;
      return supervisor !== null && isRunning(supervisor);
    },
  };
}

function simulatorOf({ values, path }: LoadedConfiguration): System['simulator'] {
  const { simulator } = values;
  if (simulator === undefined) return undefined;
  return { url: urlOf(simulator.http), ledger: join(path(simulator.state), 'ledger') };
}

function urlOf({ host, port }: Place): string {
  return `http://${host}:${port}`;
}
