/**
 * What the terminals said of their symbols, kept at hand for the hot path: read from RIS every few seconds, empty
 * until an engine was connected once. The engine checks again; this only answers earlier.
 */
import { type Host, type SymbolRules, sleep } from '@holdfast/ha-core';
import type { InstanceState } from '@holdfast/redis';

export type KnownRules = {
  readonly of: (account: string, symbol: string) => SymbolRules | undefined;
  readonly stop: () => void;
};

const EVERY_MS = 2000;

export function followSymbolRules(
  host: Host,
  state: Pick<InstanceState, 'symbols'>,
  accounts: readonly string[],
): KnownRules {
  const known = new Map<string, ReadonlyMap<string, SymbolRules>>();
  let stopped = false;
  const run = async (): Promise<void> => {
    while (!stopped) {
      for (const account of accounts) {
        const read = await state.symbols(account);
        if (read.is === 'read') known.set(account, read.value);
      }
      await sleep(host, EVERY_MS);
    }
  };
  void run();
  return {
    of: (account, symbol) => known.get(account)?.get(symbol),
    stop: () => {
      stopped = true;
    },
  };
}
