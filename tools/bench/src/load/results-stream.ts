/** Results as a client sees them soonest: one stream of server-sent events an account, matched by signal id. */
import { type ClientRequest, get, type IncomingMessage } from 'node:http';

export type Results = {
  /** Resolves with the outcome of the signal once its result has come. Rejects when a stream ends before. */
  readonly of: (signalId: string) => Promise<string>;
  readonly close: () => void;
};

type Waiting = { readonly resolve: (outcome: string) => void; readonly reject: (error: Error) => void };

/** Opens the streams; resolves when each has begun. */
export async function openResults(
  port: number,
  apiKey: string,
  accounts: readonly string[],
): Promise<Results> {
  const waiting = new Map<string, Waiting>();
  let closed = false;
  const take = (event: string): void => {
    if (!event.startsWith('id: ') || !event.includes('\nevent: result\n')) return;
    const data = event.slice(event.indexOf('\ndata: ') + 7);
    const { signalId, outcome } = JSON.parse(data) as { signalId: string; outcome: string };
    waiting.get(signalId)?.resolve(outcome);
    waiting.delete(signalId);
  };
  const fail = (error: Error): void => {
    if (closed) return;
    for (const one of waiting.values()) one.reject(error);
    waiting.clear();
  };
  const requests = await Promise.all(
    accounts.map((account) => openStream(port, apiKey, `/v1/accounts/${account}/events`, take, fail)),
  );
  return {
    of: (signalId) =>
      new Promise((resolve, reject) => {
        waiting.set(signalId, { resolve, reject });
      }),
    close: () => {
      closed = true;
      for (const request of requests) request.destroy();
    },
  };
}

function openStream(
  port: number,
  apiKey: string,
  path: string,
  take: (event: string) => void,
  fail: (error: Error) => void,
): Promise<ClientRequest> {
  return new Promise((resolve, reject) => {
    const request = get({
      host: '127.0.0.1',
      port,
      path,
      agent: false,
      headers: { authorization: `Bearer ${apiKey}` },
    });
    request.once('error', (error) => {
      reject(error);
      fail(error);
    });
    request.once('response', (response: IncomingMessage) => {
      if (response.statusCode !== 200) return reject(new Error(`${path} answered ${response.statusCode}`));
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        const events = text.split('\n\n');
        text = events.pop() ?? '';
        for (const event of events) take(event);
        resolve(request);
      });
      response.once('close', () => fail(new Error(`the stream ${path} ended`)));
    });
  });
}
