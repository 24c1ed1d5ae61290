/** What a drill keeps for a whole programme: the client, its streams, the load, and the checker with all that it saw. */
import { type Checker, createChecker } from '../checker/checker.ts';
import type { LedgerChange, RecordRow } from '../checker/evidence.ts';
import { type Client, createClient } from '../client/client.ts';
import { createLoad, type Load } from '../client/load.ts';
import { openStreams } from '../client/streams.ts';
import { tailLedger } from '../system/broker.ts';
import type { Account, System } from '../system/system.ts';

export type Desk = {
  readonly accounts: readonly Account[];
  readonly client: Client;
  readonly load: Load;
  readonly checker: Checker;
  /** Records of each account since the last time. */
  readonly newRecords: () => Promise<ReadonlyMap<string, readonly RecordRow[]>>;
  /** What the broker's ledger has more than the last time; nothing where the broker is real. */
  readonly newLedger: () => readonly LedgerChange[];
  readonly close: () => void;
};

export type DeskOptions = {
  readonly system: System;
  readonly accounts: readonly Account[];
  readonly perSecond: number;
  /** Begins every id of this programme: no two programmes may have the same. */
  readonly prefix: string;
  readonly isAlone: boolean;
};

const PAGE = 1000;

/** Opens it. Throws when no backend answers. */
export async function openDesk(options: DeskOptions): Promise<Desk> {
  const { system, accounts, perSecond, prefix, isAlone } = options;
  const client = createClient(system);
  const status = await client.get<{ accounts: readonly { account: string; lastNumber: number }[] }>(
    '/v1/status',
  );
  const numbers = new Map(
    accounts.map(({ account }) => [
      account,
      status.accounts.find((row) => row.account === account)?.lastNumber ?? 0,
    ]),
  );
  const streams = openStreams({ ...system, from: numbers });
  const load = createLoad({ client, streams, accounts, perSecond, prefix });
  const checker = createChecker({ from: numbers, isAlone, prefix });
  const ledger = system.simulator === undefined ? () => [] : tailLedger(system.simulator.ledger);
  const read = new Map(numbers);
  return {
    accounts,
    client,
    load,
    checker,
    newLedger: ledger,
    newRecords: async () => {
      const all = new Map<string, RecordRow[]>();
      for (const { account } of accounts) {
        const rows: RecordRow[] = [];
        for (;;) {
          const after = read.get(account) ?? 0;
          const { records } = await client.get<{ records: readonly RecordRow[] }>(
            `/v1/accounts/${account}/records?after=${after}&limit=${PAGE}`,
          );
          rows.push(...records);
          read.set(account, records.at(-1)?.number ?? after);
          if (records.length < PAGE) break;
        }
        all.set(account, rows);
      }
      return all;
    },
    close: streams.close,
  };
}
