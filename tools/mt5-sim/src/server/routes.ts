/** The simulator's HTTP routes: the ledger to compare with, the prices, and the faults. */
import type { Route } from '@holdfast/process';
import type { Broker } from '../broker/broker.ts';
import { parseFault } from '../broker/fault-menu.ts';
import { FAULTS_MAX } from '../broker/faults.ts';

/** Faults in one request. */
const FAULTS_AT_ONCE_MAX = 100;

/** GET /ledger, /accounts, /quotes, /terminals and /faults, POST and DELETE /faults. */
export function brokerRoutes(broker: Broker): Record<string, Route> {
  return {
    'GET /ledger': ({ query }) => {
      const account = query.get('account');
      const { orders, deals, positions } = broker.ledger();
      const own = (row: { readonly account: string }): boolean => account === null || row.account === account;
      return {
        status: 200,
        body: { orders: orders.filter(own), deals: deals.filter(own), positions: positions.filter(own) },
      };
    },
    'GET /accounts': () => ({ status: 200, body: broker.accounts() }),
    'GET /quotes': () => ({ status: 200, body: broker.quotes() }),
    'GET /terminals': () => ({ status: 200, body: broker.terminals() }),
    'GET /faults': () => ({ status: 200, body: broker.faults() }),
    'DELETE /faults': () => ({ status: 200, body: { ended: broker.clearFaults() } }),
    'POST /faults': ({ body }) => {
      const given: readonly unknown[] = Array.isArray(body) ? body : [body];
      if (given.length === 0 || given.length > FAULTS_AT_ONCE_MAX) {
        return {
          status: 422,
          body: { error: `expected 1 to ${FAULTS_AT_ONCE_MAX} faults, not ${given.length}` },
        };
      }
      const parsed = given.map(parseFault);
      const errors = parsed.flatMap((each, index) =>
        each.is === 'refused' ? each.errors.map((error) => ({ index, ...error })) : [],
      );
      if (errors.length > 0) return { status: 422, body: { errors } };
      if (broker.faults().length + given.length > FAULTS_MAX) {
        return { status: 429, body: { error: `${FAULTS_MAX} faults may be on at the same time` } };
      }
      const added = parsed.flatMap((each) => (each.is === 'fault' ? [broker.addFault(each.fault)] : []));
      return { status: 201, body: added };
    },
  };
}
