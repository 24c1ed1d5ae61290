/**
 * The two engines of a takeover run: who leads, when the other one is warm again, and what is done to them. A killed engine
 * is started again at once, as a supervisor would.
 */
import type { Endpoint } from '@holdfast/ha-core';
import { PROGRAMS } from '@holdfast/local-cluster';
import type { Child } from './child.ts';
import type { Workplace } from './configuration.ts';
import { type Product, startProgram } from './product.ts';
import { until } from './readiness.ts';

export type EnginePair = {
  /** Resolves once one engine leads `account` and the other could take over at once; with the leader's name. */
  readonly untilWarm: () => Promise<string>;
  readonly kill: (engine: string) => void;
  readonly freeze: (engine: string) => void;
  readonly thaw: (engine: string) => void;
  /** Starts a killed one again. */
  readonly restart: (engine: string) => void;
};

type Seat = {
  readonly account: string;
  readonly role: string;
  readonly sessions: readonly string[];
  readonly active?: { readonly connection: string; readonly open: number; readonly paused: boolean };
};
type View = { readonly peers: readonly string[]; readonly accounts: readonly Seat[] };

const ASK_WITHIN_MS = 2000;

/** The engines of a running product. */
export function engineProcesses(workplace: Workplace, product: Product, account: string): EnginePair {
  const { engines } = workplace.configuration.values;
  const running = new Map<string, Child>(
    product.processes.flatMap((child) =>
      engines.some(({ name }) => name === child.name) ? [[child.name, child] as const] : [],
    ),
  );
  workplace.atEnd(async () => {
    for (const child of running.values()) await child.end();
  });
  const childOf = (name: string): Child => {
    const child = running.get(name);
    if (child === undefined) throw new Error(`no engine is called ${name}`);
    return child;
  };

  const missing = async (led: { by: string }): Promise<string | undefined> => {
    const views = await Promise.all(engines.map(({ health }) => viewOf(health)));
    const leaders = engines.filter((_, index) => views[index] !== undefined && leads(views[index], account));
    const [leader] = leaders;
    if (leader === undefined || leaders.length !== 1) return `${leaders.length} engines lead ${account}`;
    for (const [index, { name }] of engines.entries()) {
      const view = views[index];
      const seat = view?.accounts.find((one) => one.account === account);
      if (view === undefined || seat === undefined) return `${name} does not answer`;
      if (view.peers.length !== engines.length - 1) return `${name} has no link to its peer`;
      if (seat.sessions.length === 0) return `${name} has no session with the terminal`;
    }
    led.by = leader.name;
    return undefined;
  };

  return {
    untilWarm: async () => {
      const led = { by: '' };
      await until(() => missing(led), 'the pair of engines');
      return led.by;
    },
    kill: (name) => childOf(name).kill(),
    freeze: (name) => childOf(name).freeze(),
    thaw: (name) => childOf(name).thaw(),
    restart: (name) => void running.set(name, startProgram(workplace, PROGRAMS.engine, name, undefined)),
  };
}

function leads(view: View | undefined, account: string): boolean {
  const active = view?.accounts.find((one) => one.account === account)?.active;
  return active?.connection === 'up' && active.open === 0 && !active.paused;
}

async function viewOf({ host, port }: Endpoint): Promise<View | undefined> {
  try {
    const answer = await fetch(`http://${host}:${port}/status`, {
      signal: AbortSignal.timeout(ASK_WITHIN_MS),
    });
    return (await answer.json()) as View;
  } catch {
    // Not there yet, or not any more: asked again.
    return undefined;
  }
}
