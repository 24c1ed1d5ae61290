/**
 * Reads request bodies: JSON, and for webhooks plain text, which the route judges itself. A malformed JSON body is
 * refused with the position of the first wrong character; NaN and Infinity are no JSON and refused the same way.
 */
import type { FastifyInstance } from 'fastify';
import { Refusal } from './answers.ts';

/** Replaces Fastify's parsers on this instance. */
export function readJsonBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
    const parsed = parseJson(text as string);
    if (parsed.is === 'value') done(null, parsed.value);
    else done(malformed(text as string, parsed.detail), undefined);
  });
}

/** Hands JSON and text bodies of this instance to its routes as they came. */
export function readTextBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  const asText = (
    _request: unknown,
    text: string | Buffer,
    done: (error: null, body: string) => void,
  ): void => done(null, text.toString());
  server.addContentTypeParser(['application/json', 'text/plain'], { parseAs: 'string' }, asText);
}

export type ParsedJson =
  | { readonly is: 'value'; readonly value: unknown }
  | { readonly is: 'malformed'; readonly detail: string };

/** JSON.parse; where it fails, the detail names the position of the first character that cannot be right. */
export function parseJson(text: string): ParsedJson {
  if (text.trim() === '') return { is: 'malformed', detail: 'the body is empty' };
  try {
    return { is: 'value', value: JSON.parse(text) as unknown };
  } catch {
    const position = firstWrongPosition(text);
    if (position === text.length)
      return { is: 'malformed', detail: `it ends too early, at position ${position}` };
    const near = JSON.stringify(text.slice(Math.max(0, position - 10), position + 10));
    return { is: 'malformed', detail: `wrong at position ${position}, near ${near}` };
  }
}

/** The runtime's message often has no position: looks for the shortest beginning that nothing could complete. */
function firstWrongPosition(text: string): number {
  let fine = 0;
  let wrong = text.length + 1;
  while (wrong - fine > 1) {
    const length = (fine + wrong) >> 1;
    if (length <= text.length && couldBeCompleted(text.slice(0, length))) fine = length;
    else wrong = length;
  }
  return fine;
}

function couldBeCompleted(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const at = /at position (\d+)/.exec(said);
    return (
      said.includes('end of JSON input') ||
      (at !== null && Number(at[1]) >= text.length) ||
      said.startsWith('Unterminated')
    );
  }
}

function malformed(text: string, detail: string): Refusal {
  return new Refusal(400, 'malformed_json', `the body is not JSON: ${detail}`, [
    { field: '(body)', value: JSON.stringify(text.slice(0, 60)), expected: 'a JSON object' },
  ]);
}
