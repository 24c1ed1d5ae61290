/**
 * The commands that a simulated Redis knows: a table of name → what it does to the data set. An unknown command or
 * option is an error reply, never a guess. tests/contract/redis/commands.contract.test.ts holds each to the real Redis.
 */
import { RedisError, type RedisReply } from '@holdfast/ha-core';
import type { DataSet, HashValue, SortedSetValue, StreamValue, StringValue, Value } from './data-set.ts';

export type CommandContext = {
  readonly data: DataSet;
  readonly wallMs: () => number;
  /** Adds an effect to what is replicated; called by a write only when it changed something. */
  readonly propagate: (effect: readonly string[]) => void;
  /** Told that a stream has grown, so that blocked readers are looked after. */
  readonly grown: (key: string) => void;
};

export type CommandRow = {
  readonly writes: boolean;
  /** Arguments without the name: at least so many; exactly so many when `most` is equal. */
  readonly least: number;
  readonly most?: number;
  /** May it run when memory is above the limit? Only asked of writes. */
  readonly denyOom?: boolean;
  readonly run: (context: CommandContext, args: readonly string[], whole: readonly string[]) => RedisReply;
};

export type CommandTable = Readonly<Record<string, CommandRow>>;

export const WRONG_TYPE = 'WRONGTYPE Operation against a key holding the wrong kind of value';
const NOT_INTEGER = 'ERR value is not an integer or out of range';

/** An error reply. Thrown inside a command, caught where it is run. */
export const refuse = (message: string): never => {
  throw new RedisError(message);
};

/** An argument that must be a whole number. */
export function wholeNumber(text: string, message = NOT_INTEGER): number {
  if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(Number(text))) refuse(message);
  return Number(text);
}

type OfKind = { hash: HashValue; stream: StreamValue; zset: SortedSetValue; string: StringValue };

/** The value at a key, or undefined; an error reply when it is of another kind. */
export function valueOf<Kind extends Value['is']>(
  context: CommandContext,
  key: string,
  kind: Kind,
): OfKind[Kind] | undefined {
  const value = context.data.keys.get(key);
  if (value !== undefined && value.is !== kind) refuse(WRONG_TYPE);
  return value as OfKind[Kind] | undefined;
}

/** The value at a key, made first where it is missing. */
export function valueFor<Kind extends Value['is']>(
  context: CommandContext,
  key: string,
  kind: Kind,
  empty: () => OfKind[Kind],
): OfKind[Kind] {
  const known = valueOf(context, key, kind);
  if (known !== undefined) return known;
  const value = empty();
  context.data.keys.set(key, value);
  return value;
}

/** An argument by its place; the table's arity has made sure that it is there. */
export function argument(args: readonly string[], index: number): string {
  const text = args[index];
  if (text === undefined) return refuse('ERR syntax error');
  return text;
}
