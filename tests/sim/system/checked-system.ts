/**
 * A whole system with a client and the checkers around it: what any of them finds ends the run of the world. Random seeds and
 * told scenarios stand on the same one.
 */
import { Broken } from '../checkers/broken.ts';
import { type Checkers, createCheckers } from '../checkers/checkers.ts';
import { type Client, startClient } from './client.ts';
import { startSystem, type System, type SystemOptions } from './system.ts';

export type CheckedSystem = {
  readonly system: System;
  readonly client: Client;
  readonly checkers: Checkers;
  /** Calls a checker; what it finds ends the run after the present event. */
  readonly guarded: <Args extends readonly unknown[]>(
    check: (...args: Args) => void,
  ) => (...args: Args) => void;
};

/** `ignore`: invariants that the scenario breaks itself, by their names. */
export async function startChecked(
  options: SystemOptions & { readonly ignore?: readonly string[] },
): Promise<CheckedSystem> {
  const { ignore = [] } = options;
  let system: System | undefined;
  let client: Client | undefined;
  const checkers = createCheckers(
    () => system,
    () => client?.told ?? new Map(),
  );
  let failed: unknown;
  const guarded =
    <Args extends readonly unknown[]>(check: (...args: Args) => void) =>
    (...args: Args): void => {
      try {
        check(...args);
      } catch (error) {
        if (!(error instanceof Broken && ignore.includes(error.invariant))) failed ??= error;
      }
    };
  system = await startSystem(options, {
    onPrimary: guarded(checkers.onPrimary),
    onJournalLine: guarded(checkers.journalLine),
    onOrderSend: guarded(checkers.orderSend),
  });
  client = startClient(system, 'client-1', guarded(checkers.acknowledged));
  const always = guarded(checkers.always);
  system.world.onEvent(() => {
    always();
    if (failed !== undefined) throw failed;
  });
  return { system, client, checkers, guarded };
}
