/** Whether everything is as it should be: each process there, each account led by one engine, the other one warm. */
import type { System } from './system.ts';

type Seat = {
  readonly account: string;
  readonly epoch: string;
  readonly sessions: readonly string[];
  readonly active?: {
    readonly connection: string;
    readonly open: number;
    readonly waiting: number;
    readonly paused: boolean;
    readonly unknown: readonly string[];
  };
};
export type EngineView = { readonly peers: readonly string[]; readonly accounts: readonly Seat[] };

const ASK_WITHIN_MS = 1500;

/** What an engine shows of itself; undefined when it does not answer. */
export async function engineView(url: string): Promise<EngineView | undefined> {
  return (await askJson(`${url}/status`)) as EngineView | undefined;
}

/** Which engine leads each account, as the engines themselves say it; accounts that none or two lead are left out. */
export async function leaders(system: System): Promise<ReadonlyMap<string, string>> {
  const views = await Promise.all(system.engines.map(({ url }) => engineView(url)));
  const by = new Map<string, string[]>();
  for (const [index, view] of views.entries()) {
    for (const seat of view?.accounts ?? []) {
      const isWanted = system.accounts.some(({ account }) => account === seat.account);
      if (isWanted && seat.active !== undefined)
        by.set(seat.account, [...(by.get(seat.account) ?? []), system.engines[index]?.name ?? '']);
    }
  }
  return new Map(
    [...by].flatMap(([account, names]) => (names.length === 1 ? [[account, names[0] ?? '']] : [])),
  );
}

/** What is missing until the system could bear a fault; undefined when nothing is. */
export async function notWhole(system: System): Promise<string | undefined> {
  const gone = system.parts.find(({ name }) => system.pid(name) === undefined);
  if (gone !== undefined) return `${gone.name} does not run`;
  return (await notTrading(system)) ?? (await notStored(system));
}

async function notTrading(system: System): Promise<string | undefined> {
  const views = await Promise.all(system.engines.map(({ url }) => engineView(url)));
  for (const [index, view] of views.entries()) {
    const name = system.engines[index]?.name ?? '';
    if (view === undefined) return `${name} does not answer`;
    if (view.peers.length !== system.engines.length - 1) return `${name} has ${view.peers.length} peers`;
    for (const { account, terminals } of system.accounts) {
      const seat = view.accounts.find((one) => one.account === account);
      if (seat === undefined || seat.sessions.length < terminals.length)
        return `${name} has no session with the terminal of ${account}`;
    }
  }
  for (const { account } of system.accounts) {
    const led = views.flatMap((view) => view?.accounts.find((one) => one.account === account)?.active ?? []);
    const [active] = led;
    if (active === undefined || led.length !== 1) return `${led.length} engines lead ${account}`;
    if (active.connection !== 'up') return `the broker connection of ${account} is ${active.connection}`;
    if (active.open + active.waiting > 0 || active.paused)
      return `${account} has ${active.open} signals under way and ${active.waiting} waiting`;
  }
  return undefined;
}

async function notStored(system: System): Promise<string | undefined> {
  const headers = { authorization: `Bearer ${system.apiKey}` };
  for (const { name, url } of system.backends) {
    const status = (await askJson(`${url}/v1/status`, headers)) as
      | {
          readonly redis: {
            readonly level: string;
            readonly inSync: readonly string[];
            readonly primary: string | null;
          };
        }
      | undefined;
    if (status === undefined) return `${name} does not answer`;
    const { level, inSync, primary } = status.redis;
    if (level !== 'full' || primary === null || inSync.length < system.redis.length - 1)
      return `${name} sees Redis as ${level} with ${inSync.length} replicas in sync`;
  }
  return undefined;
}

/** The JSON of a good answer; undefined for any other. */
export async function askJson(url: string, headers: Record<string, string> = {}): Promise<unknown> {
  try {
    const answer = await fetch(url, { headers, signal: AbortSignal.timeout(ASK_WITHIN_MS) });
    const body: unknown = await answer.json();
    return answer.ok ? body : undefined;
  } catch {
    // Not there, or not yet.
    return undefined;
  }
}
