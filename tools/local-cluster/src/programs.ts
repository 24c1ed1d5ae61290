/** Where the programs of the local cluster are in this checkout. */
import { fileURLToPath } from 'node:url';
import type { Places } from '@holdfast/topology';

const inCheckout = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

export const PROGRAMS: Places['programs'] = {
  engine: inCheckout('apps/engine/src/main.ts'),
  backend: inCheckout('apps/backend/src/main.ts'),
  sync: inCheckout('apps/sync/src/main.ts'),
  warden: inCheckout('apps/warden/src/main.ts'),
  clickhouse: fileURLToPath(new URL('./clickhouse-child.ts', import.meta.url)),
  broker: inCheckout('tools/mt5-sim/src/main.ts'),
  terminal: inCheckout('tools/mt5-sim/src/terminal-main.ts'),
};
