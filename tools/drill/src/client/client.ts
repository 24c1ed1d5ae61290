/**
 * A client as users write them: plain HTTP to several backends, the same id again after 5xx, silence or a broken
 * connection, and a record of all that it was told.
 */
import { monotonicMs, pause } from '../clock.ts';
import type { Told } from '../checker/evidence.ts';

export type Client = {
  /** Sends a signal until it is acknowledged or refused; resolves with what was told. */
  readonly send: (account: string, body: SignalBody) => Promise<Told>;
  /** All that was told since the last `forget`. */
  readonly told: () => readonly Told[];
  readonly forget: () => void;
  /** GET from the first backend that answers; throws when none does. */
  readonly get: <T>(path: string) => Promise<T>;
  readonly post: (path: string, body: unknown) => Promise<{ status: number; body: unknown }>;
};

export type SignalBody = { readonly id: string } & Readonly<Record<string, unknown>>;

export type ClientOptions = {
  readonly backends: readonly { readonly url: string }[];
  readonly apiKey: string;
};

/** Above the time in which a backend answers whatever happened. */
const REQUEST_MS = 4000;
/** Together longer than any outage that a drill makes. */
const TRIES = 300;
const PAUSE_MS_MOST = 200;
const REFUSED_FROM = 400;
const TRY_LATER = 429;

/** A client of these backends; each account has its first choice among them. */
export function createClient({ backends, apiKey }: ClientOptions): Client {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const told: Told[] = [];
  const urlAt = (index: number): string => backends[index % backends.length]?.url ?? '';
  const post = async (url: string, body: unknown): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(REQUEST_MS),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  };
  return {
    told: () => told,
    forget: () => void told.splice(0),
    send: async (account, body) => {
      const row: Told = { account, id: body.id, body, sentMs: monotonicMs(), statuses: [] };
      told.push(row);
      const first = account.charCodeAt(account.length - 1);
      for (let attempt = 0; attempt < TRIES; attempt += 1) {
        try {
          const answer = await post(`${urlAt(first + attempt)}/v1/accounts/${account}/signals`, body);
          row.statuses.push(answer.status);
          if (answer.status < 300) {
            row.acknowledgedMs = monotonicMs();
            row.magic = (answer.body as { readonly magic: string }).magic;
          }
          if (answer.status < REFUSED_FROM) return row;
          if (answer.status < 500 && answer.status !== TRY_LATER) return row;
        } catch {
          row.statuses.push(0);
        }
        await pause(Math.min(10 * 2 ** Math.min(attempt, 5), PAUSE_MS_MOST));
      }
      return row;
    },
    get: async <T>(path: string) => {
      const silent: string[] = [];
      for (const { url } of backends) {
        try {
          const response = await fetch(url + path, { headers, signal: AbortSignal.timeout(REQUEST_MS) });
          const text = await response.text();
          if (response.ok) return JSON.parse(text) as T;
          silent.push(`${response.status} ${text.slice(0, 200)}`);
        } catch (error) {
          silent.push(String(error));
        }
      }
      throw new Error(`GET ${path}: ${silent.join('; ')}`);
    },
    post: async (path, body) => {
      let last: unknown;
      for (const { url } of backends) {
        try {
          return await post(url + path, body);
        } catch (error) {
          last = error;
        }
      }
      throw new Error(`POST ${path}: no backend answers`, { cause: last });
    },
  };
}
