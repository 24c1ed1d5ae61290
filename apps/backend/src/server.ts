/**
 * The HTTP interface: Fastify with our own bodies, errors and limits, and a file a path under routes/. Everything
 * below /v1 needs the API key; a webhook has its token instead; health, metrics, the description of the interface
 * and the console's page (not its data) need nothing.
 */
import swagger from '@fastify/swagger';
import { LIMITS } from '@holdfast/ha-core';
import Fastify from 'fastify';
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { readJsonBodies, readTextBodies } from './body.ts';
import { closeWhenLeaving, type Drain } from './drain.ts';
import { answerErrors } from './error-handler.ts';
import { refuseOtherMethods } from './methods.ts';
import type { Api, Parts } from './parts.ts';
import { requireKey } from './require-key.ts';
import { addKeyedRoutes, addOpenRoutes, addWebhookRoutes } from './routes/index.ts';

export type ServerOptions = {
  /** Checks every answer against its schema; for tests: an answer that does not fit becomes a 500. */
  readonly checkAnswers?: boolean;
};

/** Builds the server, ready to listen or to be injected into. */
export async function createServer(
  parts: Parts,
  options: ServerOptions = {},
): Promise<{ readonly api: Api; readonly drain: Drain }> {
  const server: Api = Fastify({
    logger: false,
    bodyLimit: LIMITS.bodyBytesMax,
    // A request that trickles in must not hold its socket for ever.
    requestTimeout: 30_000,
    keepAliveTimeout: 65_000,
    forceCloseConnections: 'idle',
    // While it drains, what comes on an open connection is still served.
    return503OnClosing: false,
  }).withTypeProvider<ZodTypeProvider>();
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(
    options.checkAnswers === true ? serializerCompiler : () => (data) => JSON.stringify(data),
  );
  const drain = closeWhenLeaving(server);
  answerErrors(server, parts);
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Holdfast',
        description: 'Trade signals in, exactly one recorded result each.',
        version: '0.1.0',
      },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
      security: [{ key: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  const methods = refuseOtherMethods(server);
  await server.register((api, _options, done) => {
    readJsonBodies(api);
    requireKey(api, parts);
    addKeyedRoutes(api, parts);
    done();
  });
  await server.register((api, _options, done) => {
    readTextBodies(api);
    addWebhookRoutes(api, parts);
    done();
  });
  addOpenRoutes(server, parts);
  methods.add();
  await server.ready();
  return { api: server, drain };
}
