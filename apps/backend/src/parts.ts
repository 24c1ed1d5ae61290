/** What the routes work with, wired by main.ts (or by a test) and handed to each route file. */
import type { WebhookConfiguration } from '@holdfast/configuration';
import type { Host, MarginMode } from '@holdfast/ha-core';
import type { InstanceState, ResultFeed, SignalInbox, WishStore } from '@holdfast/redis';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AcceptSignal, TradedAccount } from './acceptance.ts';
import type { EventStreams } from './event-streams.ts';
import type { Log } from './log.ts';
import type { RateLimit } from './rate-limit.ts';
import type { RecordHub } from './record-hub.ts';
import type { Status } from './status.ts';
import type { StatusStream } from './status-stream.ts';

/** A Fastify instance whose schemas are zod's. */
export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** A webhook with its secret, and the margin mode of its account. */
export type Webhook = {
  readonly configuration: WebhookConfiguration;
  readonly token: string;
  readonly margin: MarginMode;
};

export type Parts = {
  readonly name: string;
  readonly host: Host;
  readonly log: Log;
  readonly accounts: ReadonlyMap<string, TradedAccount>;
  readonly apiKey: string;
  readonly webhooks: readonly Webhook[];
  readonly accept: AcceptSignal;
  readonly inbox: SignalInbox;
  readonly state: InstanceState;
  readonly wishes: WishStore;
  readonly feed: Pick<ResultFeed, 'after'>;
  readonly hub: RecordHub;
  readonly streams: EventStreams;
  readonly status: Status;
  readonly statusStream: StatusStream;
  readonly rateLimit: RateLimit;
  /** Undefined while the loop turns, else why not. */
  readonly alive: () => string | undefined;
  /** Undefined while signals can be accepted, else why not. */
  readonly ready: () => string | undefined;
  /** Undefined while nothing is missing, else what one more loss would cost. */
  readonly degraded: () => string | undefined;
  readonly metrics: { readonly text: () => Promise<string>; readonly contentType: string };
};
