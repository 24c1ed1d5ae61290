/** All routes, by who may call them. A file a path. */
import type { Api, Parts } from '../parts.ts';
import { addLivez } from './livez.ts';
import { addMetrics } from './metrics.ts';
import { addOpenapi } from './openapi.ts';
import { addReadyz } from './readyz.ts';
import { addSignal } from './signal.ts';
import { addSignals } from './signals.ts';

/** Routes that need the API key. */
export function addKeyedRoutes(api: Api, parts: Parts): void {
  addSignals(api, parts);
  addSignal(api, parts);
}

/** Routes that have their secret in the URL. */
export function addWebhookRoutes(_api: Api, _parts: Parts): void {}

/** Routes for everybody who can reach the address. */
export function addOpenRoutes(api: Api, parts: Parts): void {
  addLivez(api, parts);
  addReadyz(api, parts);
  addMetrics(api, parts);
  addOpenapi(api);
}
