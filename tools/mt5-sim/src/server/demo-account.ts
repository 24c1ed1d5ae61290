/** What the simulated broker says of an account of the configuration; broker and terminals make it alike. */
import type { AccountFacts } from '../broker/ledger.ts';

/** The facts of the account at `index` of the configuration: a demo account with plenty of money. */
export function demoAccount(
  { account, margin }: { readonly account: string; readonly margin: AccountFacts['margin'] },
  index: number,
): AccountFacts {
  return {
    account,
    margin,
    login: String(500_001 + index),
    server: 'Holdfast-Demo',
    leverage: 100,
    deposit: '10000000',
  };
}
