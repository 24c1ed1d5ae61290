/**
 * Runs a Redis function library: our own functions/*.lua, in a Lua that is written in JavaScript. There is no second
 * copy of their logic; the contract suite runs the same calls on the real Redis.
 *
 * A library is compiled once in this process, whatever the number of worlds and nodes: it keeps no state of its own,
 * all of it is behind `redis.call`. fengari is Lua 5.3 with integers of 32 bits that wrap around, Redis has 5.1, where
 * every number is a double: so numbers that come from outside are made floats, and print as in 5.1.
 */
import { RedisError, type RedisReply } from '@holdfast/ha-core';
import { lauxlib, lua, type LuaState, lualib, to_luastring } from './lua-in-javascript.ts';

export type LuaFunctionRow = { readonly flags: ReadonlySet<string>; readonly reference: number };

export type LuaLibrary = {
  readonly name: string;
  readonly source: string;
  readonly functions: ReadonlyMap<string, LuaFunctionRow>;
  /**
   * Calls one function. `call` runs a command and returns its reply; an error reply ends the script, as redis.call
   * does. Returns the function's reply, or its error as a value.
   */
  readonly run: (
    name: string,
    keys: readonly string[],
    args: readonly string[],
    call: (command: readonly string[]) => RedisReply,
  ) => RedisReply;
};

/** What yields integers in 5.3 and doubles in 5.1. */
const PRELUDE = `
local to, floor, ceil = tonumber, math.floor, math.ceil
tonumber = function(value, base)
  local number
  if base == nil then number = to(value) else number = to(value, base) end
  return number and number + 0.0
end
math.floor = function(number) return floor(number) + 0.0 end
math.ceil = function(number) return ceil(number) + 0.0 end
`;

/**
 * Fengari deletes what leaves its stack, and V8 makes a large array that is nearly empty a dictionary, which is two to three times
 * slower: so the stack is never nearly empty.
 */
const KEPT_ON_STACK = 16;

const compiled = new Map<string, LuaLibrary>();

/** The library of this source. Throws RedisError with Redis's words when it cannot be loaded. */
export function loadLibrary(source: string): LuaLibrary {
  let library = compiled.get(source);
  if (library === undefined) {
    library = compile(source);
    compiled.set(source, library);
  }
  return library;
}

/** So many words are remembered with their bytes, and none that is longer. */
const WORDS_MAX = 4096;
const WORD_CHARACTERS_MAX = 64;
const words = new Map<string, Uint8Array>();

/** Bytes of a text. Keys, fields and names are short and come again and again. */
function text(value: string): Uint8Array {
  const known = words.get(value);
  if (known !== undefined) return known;
  const bytes = to_luastring(value);
  if (value.length <= WORD_CHARACTERS_MAX) {
    if (words.size >= WORDS_MAX) words.clear();
    words.set(value, bytes);
  }
  return bytes;
}

function compile(source: string): LuaLibrary {
  const header = /^#!lua name=(\w+)\n/.exec(source);
  if (header?.[1] === undefined) throw new RedisError('ERR Missing library metadata');
  const name = header[1];
  const state = lauxlib.luaL_newstate();
  const functions = new Map<string, LuaFunctionRow>();
  let current: ((command: readonly string[]) => RedisReply) | undefined;

  for (const [module, open] of [
    ['_G', lualib.luaopen_base],
    ['string', lualib.luaopen_string],
    ['table', lualib.luaopen_table],
    ['math', lualib.luaopen_math],
  ] as const) {
    lauxlib.luaL_requiref(state, text(module), open, 1);
    lua.lua_pop(state, 1);
  }
  lua.lua_createtable(state, 0, 4);
  define(state, 'register_function', (inner) => {
    registerFunction(inner, functions);
    return 0;
  });
  const call =
    (raises: boolean) =>
    (inner: LuaState): number => {
      if (current === undefined) throw new Error('redis.call outside of a function');
      const reply = current(readArguments(inner));
      pushReply(inner, reply);
      return raises && reply instanceof RedisError ? lua.lua_error(inner) : 1;
    };
  define(state, 'call', call(true));
  define(state, 'pcall', call(false));
  lua.lua_setglobal(state, text('redis'));

  for (const part of [PRELUDE, source.slice(header[0].length)]) {
    const body = text(part);
    if (
      lauxlib.luaL_loadbuffer(state, body, body.length, text('@user_function')) !== lua.LUA_OK ||
      lua.lua_pcall(state, 0, 0, 0) !== lua.LUA_OK
    ) {
      throw new RedisError(`ERR Error compiling function: ${lua.lua_tojsstring(state, -1)}`);
    }
  }
  if (functions.size === 0) throw new RedisError('ERR No functions registered');
  for (let i = 0; i < KEPT_ON_STACK; i += 1) lua.lua_pushnil(state);

  const run: LuaLibrary['run'] = (function_, keys, args, onCall) => {
    const row = functions.get(function_);
    if (row === undefined) return new RedisError('ERR Function not found');
    const before = current;
    current = onCall;
    const top = lua.lua_gettop(state);
    try {
      lua.lua_rawgeti(state, lua.LUA_REGISTRYINDEX, row.reference);
      pushList(state, keys);
      pushList(state, args);
      const ended = lua.lua_pcall(state, 2, 1, 0);
      return ended === lua.LUA_OK ? readReply(state, -1) : readError(state, function_);
    } finally {
      lua.lua_settop(state, top);
      current = before;
    }
  };
  return { name, source, functions, run };
}

function define(state: LuaState, name: string, run: (state: LuaState) => number): void {
  lua.lua_pushcfunction(state, run);
  lua.lua_setfield(state, -2, text(name));
}

/** Both forms: (name, callback) and one table with function_name, callback and flags. */
function registerFunction(state: LuaState, functions: Map<string, LuaFunctionRow>): void {
  let name: string;
  const flags = new Set<string>();
  if (lua.lua_type(state, 1) === lua.LUA_TTABLE) {
    lua.lua_getfield(state, 1, text('function_name'));
    name = lua.lua_tojsstring(state, -1);
    if (lua.lua_getfield(state, 1, text('flags')) === lua.LUA_TTABLE) {
      for (let i = 1; lua.lua_rawgeti(state, -1, i) === lua.LUA_TSTRING; i += 1) {
        flags.add(lua.lua_tojsstring(state, -1));
        lua.lua_pop(state, 1);
      }
    }
    lua.lua_getfield(state, 1, text('callback'));
  } else {
    name = lua.lua_tojsstring(state, 1);
    lua.lua_pushvalue(state, 2);
  }
  if (functions.has(name)) throw new RedisError(`ERR Function ${name} already exists in the library`);
  functions.set(name, { flags, reference: lauxlib.luaL_ref(state, lua.LUA_REGISTRYINDEX) });
}

function readArguments(state: LuaState): string[] {
  const count = lua.lua_gettop(state);
  const args: string[] = [];
  for (let i = 1; i <= count; i += 1) {
    args.push(
      lua.lua_type(state, i) === lua.LUA_TNUMBER
        ? numberText(lua.lua_tonumber(state, i))
        : lua.lua_tojsstring(state, i),
    );
  }
  return args;
}

/** How Redis writes a Lua number into a command: 17 digits, without an exponent where it can. */
function numberText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e17
    ? String(value)
    : String(Number(value.toPrecision(17)));
}

function pushList(state: LuaState, list: readonly string[]): void {
  lua.lua_createtable(state, list.length, 0);
  for (const [index, item] of list.entries()) {
    lua.lua_pushstring(state, text(item));
    lua.lua_rawseti(state, -2, index + 1);
  }
}

function pushReply(state: LuaState, reply: RedisReply): void {
  lua.lua_checkstack(state, 4);
  if (reply === null) lua.lua_pushboolean(state, false);
  else if (typeof reply === 'string') lua.lua_pushstring(state, text(reply));
  else if (typeof reply === 'number') lua.lua_pushnumber(state, reply);
  else if (reply instanceof RedisError) {
    lua.lua_createtable(state, 0, 1);
    lua.lua_pushstring(state, text(reply.message));
    lua.lua_setfield(state, -2, text('err'));
  } else {
    lua.lua_createtable(state, reply.length, 0);
    for (const [index, part] of reply.entries()) {
      pushReply(state, part);
      lua.lua_rawseti(state, -2, index + 1);
    }
  }
}

function readReply(state: LuaState, index: number): RedisReply {
  switch (lua.lua_type(state, index)) {
    case lua.LUA_TSTRING:
      return lua.lua_tojsstring(state, index);
    case lua.LUA_TNUMBER:
      return Math.trunc(lua.lua_tonumber(state, index));
    case lua.LUA_TBOOLEAN:
      return lua.lua_toboolean(state, index) ? 1 : null;
    case lua.LUA_TTABLE:
      return readTable(state);
    default:
      return null;
  }
}

/** The table on top of the stack: an error, a status, or an array up to its first nil. */
function readTable(state: LuaState): RedisReply {
  for (const field of ['err', 'ok']) {
    const type = lua.lua_getfield(state, -1, text(field));
    const value = type === lua.LUA_TSTRING ? lua.lua_tojsstring(state, -1) : undefined;
    lua.lua_pop(state, 1);
    if (value !== undefined) return field === 'err' ? new RedisError(value) : value;
  }
  const parts: RedisReply[] = [];
  for (let i = 1; lua.lua_rawgeti(state, -1, i) !== lua.LUA_TNIL; i += 1) {
    parts.push(readReply(state, -1));
    lua.lua_pop(state, 1);
  }
  lua.lua_pop(state, 1);
  return parts;
}

function readError(state: LuaState, name: string): RedisError {
  const reply = lua.lua_type(state, -1) === lua.LUA_TTABLE ? readTable(state) : lua.lua_tojsstring(state, -1);
  const message = reply instanceof RedisError ? reply.message : `ERR ${String(reply)}`;
  return new RedisError(`${message} script: ${name}, on @user_function.`);
}
