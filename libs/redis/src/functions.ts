/**
 * Our Redis functions as one library: functions/_library.lua first, then a file a verb, in the order of their names.
 * The library is replicated and persisted by Redis; it is loaded again only where its text differs.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { RedisError, type RedisNode, type RedisReply } from '@holdfast/ha-core';

export const LIBRARY = 'holdfast';

let text: string | undefined;

/** The library's source text. Reads the files once; throws when the folder is missing. */
export function librarySource(): string {
  text ??= assemble(new URL('../functions/', import.meta.url));
  return text;
}

function assemble(folder: URL): string {
  const files = readdirSync(fileURLToPath(folder))
    .filter((file) => file.endsWith('.lua') && !file.startsWith('_'))
    .sort();
  const sources = ['_library.lua', ...files].map((file) => readFileSync(new URL(file, folder), 'utf8'));
  return `#!lua name=${LIBRARY}\n${sources.join('\n')}`;
}

/**
 * Loads the library on this primary unless it has it already.
 * @throws RedisError when Redis refuses it; NodeUnavailable from the node.
 */
export async function ensureFunctions(node: RedisNode, deadlineMs: number): Promise<void> {
  const [listed] = await node.run([['FUNCTION', 'LIST', 'LIBRARYNAME', LIBRARY, 'WITHCODE']], deadlineMs);
  if (contains(listed, librarySource())) return;
  const [loaded] = await node.run([['FUNCTION', 'LOAD', 'REPLACE', librarySource()]], deadlineMs);
  if (loaded instanceof RedisError) throw loaded;
}

function contains(reply: RedisReply | undefined, source: string): boolean {
  if (Array.isArray(reply)) return reply.some((part: RedisReply) => contains(part, source));
  return reply === source;
}
