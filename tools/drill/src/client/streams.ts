/**
 * Results as clients see them soonest: a stream of server-sent events an account, opened again at the next backend when
 * it breaks, from the last number on. Times of results are those at which they arrived here.
 */
import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import { monotonicMs } from '../clock.ts';

export type Seen = {
  readonly account: string;
  readonly number: number;
  readonly signalId: string;
  readonly outcome: string;
  /** Ticket of the position that was opened, where there is one. */
  readonly position: string | undefined;
  readonly seenMs: number;
};

export type Streams = {
  /** Calls `take` with every result from now on. */
  readonly onResult: (take: (seen: Seen) => void) => void;
  readonly close: () => void;
};

export type StreamsOptions = {
  readonly backends: readonly { readonly url: string }[];
  readonly apiKey: string;
  /** Accounts, and the number of the last record of each that is known already. */
  readonly from: ReadonlyMap<string, number>;
};

const AGAIN_AFTER_MS = 30;
/** A frozen backend breaks no connection: a stream that is silent for so long is opened elsewhere. */
const SILENT_MS = 2000;

/** Opens the streams. */
export function openStreams({ backends, apiKey, from }: StreamsOptions): Streams {
  const takers: ((seen: Seen) => void)[] = [];
  const open = new Map<string, ClientRequest>();
  let closed = false;

  const follow = (account: string, attempt: number, after: string): void => {
    if (closed) return;
    const backend = backends[attempt % backends.length]?.url ?? '';
    let last = after;
    let ended = false;
    const again = (): void => {
      if (ended || closed) return;
      ended = true;
      request.destroy();
      setTimeout(() => follow(account, attempt + 1, last), AGAIN_AFTER_MS).unref();
    };
    const take = (text: string): void => {
      const event = parseEvent(text);
      if (event === undefined) return;
      last = event.id;
      if (event.name !== 'result') return;
      const { signalId, outcome, tickets } = event.data;
      const seen = { account, number: Number(event.id), signalId, outcome, position: tickets?.position };
      for (const taker of takers) taker({ ...seen, seenMs: monotonicMs() });
    };
    const request = get(`${backend}/v1/accounts/${account}/events`, {
      agent: false,
      timeout: SILENT_MS,
      headers: {
        authorization: `Bearer ${apiKey}`,
        'last-event-id': after,
      },
    });
    open.set(account, request);
    request.on('error', again);
    request.on('timeout', again);
    request.once('response', (response: IncomingMessage) => {
      if (response.statusCode !== 200) {
        response.resume();
        return again();
      }
      let text = '';
      response.setEncoding('utf8');
      response.on('error', again);
      response.on('close', again);
      response.on('data', (chunk: string) => {
        text += chunk;
        const events = text.split('\n\n');
        text = events.pop() ?? '';
        for (const event of events) take(event);
      });
    });
  };
  for (const [index, [account, number]] of [...from].entries()) follow(account, index, String(number));
  return {
    onResult: (take) => void takers.push(take),
    close: () => {
      closed = true;
      for (const request of open.values()) request.destroy();
    },
  };
}

type StreamEvent = {
  readonly id: string;
  readonly name: string;
  readonly data: {
    readonly signalId: string;
    readonly outcome: string;
    readonly tickets?: { readonly position?: string };
  };
};

function parseEvent(text: string): StreamEvent | undefined {
  const field = (name: string): string | undefined =>
    text
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  const [id, name, data] = [field('id'), field('event'), field('data')];
  if (id === undefined || name === undefined || data === undefined) return undefined;
  return { id, name, data: JSON.parse(data) as StreamEvent['data'] };
}
