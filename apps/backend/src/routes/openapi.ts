/** GET /openapi.json: the interface's description, made from the schemas that check it. */
import type { Api } from '../parts.ts';

export function addOpenapi(api: Api): void {
  let text: string | undefined;
  api.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => {
    text ??= JSON.stringify(api.swagger());
    return reply.type('application/json; charset=utf-8').serializer(String).send(text);
  });
}
