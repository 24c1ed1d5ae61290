/** Terminals that are logged in at the broker as somebody else, as the engine that leads the account has written them in RIS. */
import { z } from 'zod';

const login = z.object({ login: z.string(), server: z.string() });

const foundSchema = login.extend({ expected: login, at: z.number() });

export const refusedTerminalSchema = foundSchema
  .extend({ terminal: z.string() })
  .meta({ id: 'RefusedTerminal' });

export type RefusedTerminal = z.output<typeof refusedTerminalSchema>;

const FIELD = 'refused:';
/** It calls again and again, and is told of again: one that was told of longer ago has stopped. */
const SHOWN_FOR_MS = 60_000;

/** Those of an account's RIS that called lately. */
export function refusedTerminals(
  instance: Readonly<Record<string, unknown>>,
  wallMs: number,
): readonly RefusedTerminal[] {
  return Object.entries(instance).flatMap(([field, value]) => {
    if (!field.startsWith(FIELD)) return [];
    const read = foundSchema.safeParse(value);
    if (!read.success || wallMs - read.data.at > SHOWN_FOR_MS) return [];
    return [{ ...read.data, terminal: field.slice(FIELD.length) }];
  });
}
