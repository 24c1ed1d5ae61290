/** Commands on hashes, sorted sets, strings and keys. */
import type { RedisReply } from '@holdfast/ha-core';
import {
  argument,
  type CommandContext,
  type CommandTable,
  refuse,
  valueFor,
  valueOf,
  wholeNumber,
} from './command-table.ts';
import type { HashValue } from './data-set.ts';

const emptyHash = (): HashValue => ({ is: 'hash', fields: new Map() });

const hashAt = (context: CommandContext, key: string): HashValue => valueFor(context, key, 'hash', emptyHash);

export const HASH_COMMANDS: CommandTable = {
  HSET: {
    writes: true,
    denyOom: true,
    least: 3,
    run: (context, args, whole) => {
      if (args.length % 2 === 0) refuse("ERR wrong number of arguments for 'hset' command");
      const { fields } = hashAt(context, argument(args, 0));
      const before = fields.size;
      for (let i = 1; i < args.length; i += 2) fields.set(argument(args, i), argument(args, i + 1));
      context.propagate(whole);
      return fields.size - before;
    },
  },
  HSETNX: {
    writes: true,
    denyOom: true,
    least: 3,
    most: 3,
    run: (context, args, whole) => {
      const [key, field, value] = [argument(args, 0), argument(args, 1), argument(args, 2)];
      if (valueOf(context, key, 'hash')?.fields.has(field) === true) return 0;
      hashAt(context, key).fields.set(field, value);
      context.propagate(whole);
      return 1;
    },
  },
  HDEL: {
    writes: true,
    least: 2,
    run: (context, args, whole) => {
      const key = argument(args, 0);
      const hash = valueOf(context, key, 'hash');
      if (hash === undefined) return 0;
      let removed = 0;
      for (const field of args.slice(1)) if (hash.fields.delete(field)) removed += 1;
      if (hash.fields.size === 0) context.data.keys.delete(key);
      if (removed > 0) context.propagate(whole);
      return removed;
    },
  },
  HINCRBY: {
    writes: true,
    denyOom: true,
    least: 3,
    most: 3,
    run: (context, args, whole) => {
      const by = wholeNumber(argument(args, 2));
      const known = valueOf(context, argument(args, 0), 'hash')?.fields.get(argument(args, 1)) ?? '0';
      const sum = wholeNumber(known, 'ERR hash value is not an integer') + by;
      hashAt(context, argument(args, 0)).fields.set(argument(args, 1), String(sum));
      context.propagate(whole);
      return sum;
    },
  },
  HGET: {
    writes: false,
    least: 2,
    most: 2,
    run: (context, args) =>
      valueOf(context, argument(args, 0), 'hash')?.fields.get(argument(args, 1)) ?? null,
  },
  HMGET: {
    writes: false,
    least: 2,
    run: (context, args) => {
      const fields = valueOf(context, argument(args, 0), 'hash')?.fields;
      return args.slice(1).map((field) => fields?.get(field) ?? null);
    },
  },
  HGETALL: {
    writes: false,
    least: 1,
    most: 1,
    run: (context, args) => [...(valueOf(context, argument(args, 0), 'hash')?.fields ?? [])].flat(),
  },
  HKEYS: {
    writes: false,
    least: 1,
    most: 1,
    run: (context, args) => [...(valueOf(context, argument(args, 0), 'hash')?.fields.keys() ?? [])],
  },
  HVALS: {
    writes: false,
    least: 1,
    most: 1,
    run: (context, args) => [...(valueOf(context, argument(args, 0), 'hash')?.fields.values() ?? [])],
  },
  HLEN: {
    writes: false,
    least: 1,
    most: 1,
    run: (context, args) => valueOf(context, argument(args, 0), 'hash')?.fields.size ?? 0,
  },
  HEXISTS: {
    writes: false,
    least: 2,
    most: 2,
    run: (context, args) =>
      valueOf(context, argument(args, 0), 'hash')?.fields.has(argument(args, 1)) === true ? 1 : 0,
  },
};

export const KEY_COMMANDS: CommandTable = {
  SET: {
    writes: true,
    denyOom: true,
    least: 2,
    most: 2,
    run: (context, args, whole) => {
      context.data.keys.set(argument(args, 0), { is: 'string', text: argument(args, 1) });
      context.propagate(whole);
      return 'OK';
    },
  },
  GET: {
    writes: false,
    least: 1,
    most: 1,
    run: (context, args) => valueOf(context, argument(args, 0), 'string')?.text ?? null,
  },
  DEL: {
    writes: true,
    least: 1,
    run: (context, args, whole) => {
      let removed = 0;
      for (const key of args) if (context.data.keys.delete(key)) removed += 1;
      if (removed > 0) context.propagate(whole);
      return removed;
    },
  },
  EXISTS: {
    writes: false,
    least: 1,
    run: (context, args) => args.filter((key) => context.data.keys.has(key)).length,
  },
  TYPE: {
    writes: false,
    least: 1,
    most: 1,
    run: (context, args) => context.data.keys.get(argument(args, 0))?.is ?? 'none',
  },
  DBSIZE: { writes: false, least: 0, most: 0, run: (context) => context.data.keys.size },
  TIME: {
    writes: false,
    least: 0,
    most: 0,
    run: (context) => [String(Math.floor(context.wallMs() / 1000)), String((context.wallMs() % 1000) * 1000)],
  },
};

export const SORTED_SET_COMMANDS: CommandTable = {
  ZADD: {
    writes: true,
    denyOom: true,
    least: 3,
    run: (context, args, whole) => {
      const onlyNew = argument(args, 1).toUpperCase() === 'NX';
      const pairs = args.slice(onlyNew ? 2 : 1);
      if (pairs.length === 0 || pairs.length % 2 === 1) refuse('ERR syntax error');
      const key = argument(args, 0);
      const added = pairs.filter((_, i) => i % 2 === 0).map((text) => scoreOf(text));
      let fresh = 0;
      let changed = 0;
      const { scores } = valueFor(context, key, 'zset', () => ({ is: 'zset', scores: new Map() }));
      for (const [i, score] of added.entries()) {
        const member = argument(pairs, i * 2 + 1);
        const known = scores.get(member);
        if (known !== undefined && (onlyNew || known === score)) continue;
        if (known === undefined) fresh += 1;
        changed += 1;
        scores.set(member, score);
      }
      if (changed > 0) context.propagate(whole);
      return fresh;
    },
  },
  ZSCORE: {
    writes: false,
    least: 2,
    most: 2,
    run: (context, args) => {
      const score = valueOf(context, argument(args, 0), 'zset')?.scores.get(argument(args, 1));
      return score === undefined ? null : String(score);
    },
  },
  ZCARD: {
    writes: false,
    least: 1,
    most: 1,
    run: (context, args) => valueOf(context, argument(args, 0), 'zset')?.scores.size ?? 0,
  },
  ZREM: {
    writes: true,
    least: 2,
    run: (context, args, whole) => {
      const set = valueOf(context, argument(args, 0), 'zset');
      let removed = 0;
      for (const member of args.slice(1)) if (set?.scores.delete(member) === true) removed += 1;
      if (set?.scores.size === 0) context.data.keys.delete(argument(args, 0));
      if (removed > 0) context.propagate(whole);
      return removed;
    },
  },
  ZRANGE: {
    writes: false,
    least: 3,
    most: 4,
    run: (context, args): RedisReply => {
      if (args.length === 4 && argument(args, 3).toUpperCase() !== 'WITHSCORES') refuse('ERR syntax error');
      const sorted = [...(valueOf(context, argument(args, 0), 'zset')?.scores ?? [])].sort(
        ([a, first], [b, second]) => first - second || (a < b ? -1 : 1),
      );
      const at = (text: string): number => {
        const index = wholeNumber(text);
        return index < 0 ? Math.max(0, sorted.length + index) : index;
      };
      const within = sorted.slice(at(argument(args, 1)), at(argument(args, 2)) + 1);
      return within.flatMap(([member, score]) => (args.length === 4 ? [member, String(score)] : [member]));
    },
  },
};

function scoreOf(text: string): number {
  const score = Number(text);
  if (text.trim() === '' || Number.isNaN(score)) refuse('ERR value is not a valid float');
  return score;
}
