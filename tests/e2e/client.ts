/** A client as users write them: plain HTTP, and a record of what it was told. Imports nothing of Holdfast. */

export type Told = {
  readonly account: string;
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly sentAt: number;
  /** Status codes of every attempt, 0 where the connection broke. */
  readonly statuses: number[];
  /** Monotonic ms at which a 2xx came. */
  acknowledgedAt?: number;
  answer?: unknown;
};

export type Client = {
  readonly told: Map<string, Told>;
  /** Sends a signal; repeats it with the same id after 5xx and broken connections, as the API asks clients to. */
  readonly send: (account: string, body: Record<string, unknown>) => Promise<Told>;
  readonly get: <T>(path: string) => Promise<{ status: number; body: T }>;
  readonly post: (path: string, body: string, type?: string) => Promise<{ status: number; body: unknown }>;
};

const TRIES = 200;
const REQUEST_MS = 6000;

/** A client of `url` with the key. */
export function createClient(url: string, key: string): Client {
  const told = new Map<string, Told>();
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const post: Client['post'] = async (path, body, type = 'application/json') => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { ...headers, 'content-type': type },
      body,
      signal: AbortSignal.timeout(REQUEST_MS),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  };
  return {
    told,
    post,
    get: async <T>(path: string) => {
      const response = await fetch(url + path, { headers, signal: AbortSignal.timeout(REQUEST_MS) });
      const text = await response.text();
      if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${text.slice(0, 300)}`);
      return { status: response.status, body: JSON.parse(text) as T };
    },
    send: async (account, body) => {
      const id = String(body.id);
      const row: Told = { account, id, body, sentAt: performance.now(), statuses: [] };
      told.set(`${account}/${id}`, row);
      for (let attempt = 0; attempt < TRIES; attempt += 1) {
        try {
          const answer = await post(`/v1/accounts/${account}/signals`, JSON.stringify(body));
          row.statuses.push(answer.status);
          row.answer = answer.body;
          if (answer.status < 300) row.acknowledgedAt = performance.now();
          if (answer.status < 500 && answer.status !== 429) return row;
        } catch {
          row.statuses.push(0);
        }
        await new Promise((resolve) => setTimeout(resolve, Math.min(20 * 2 ** Math.min(attempt, 4), 200)));
      }
      return row;
    },
  };
}
