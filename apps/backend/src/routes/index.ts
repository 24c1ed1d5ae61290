/** All routes, by who may call them. A file a path. */
import type { Api, Parts } from '../parts.ts';
import { addConsole } from './console.ts';
import { addEvents } from './events.ts';
import { addLivez } from './livez.ts';
import { addMetrics } from './metrics.ts';
import { addOpenapi } from './openapi.ts';
import { addPositions } from './positions.ts';
import { addReadyz } from './readyz.ts';
import { addReconciliation } from './reconciliation.ts';
import { addRecords } from './records.ts';
import { addResults } from './results.ts';
import { addSignal } from './signal.ts';
import { addSignals } from './signals.ts';
import { addStatus } from './status.ts';
import { addStatusEvents } from './status-events.ts';
import { addLeaders } from './leaders.ts';
import { addWishes } from './wishes.ts';
import { addTradingview } from './tradingview.ts';

/** Routes that need the API key. */
export function addKeyedRoutes(api: Api, parts: Parts): void {
  addSignals(api, parts);
  addSignal(api, parts);
  addPositions(api, parts);
  addResults(api, parts);
  addRecords(api, parts);
  addEvents(api, parts);
  addStatus(api, parts);
  addStatusEvents(api, parts);
  addLeaders(api, parts);
  addReconciliation(api, parts);
  addWishes(api, parts);
}

/** Routes that have their secret in the URL. */
export function addWebhookRoutes(api: Api, parts: Parts): void {
  addTradingview(api, parts);
}

/** Routes for everybody who can reach the address. */
export function addOpenRoutes(api: Api, parts: Parts): void {
  addLivez(api, parts);
  addReadyz(api, parts);
  addMetrics(api, parts);
  addOpenapi(api);
  addConsole(api);
}
