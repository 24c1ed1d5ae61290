/**
 * The part of fengari that is used here, typed: Lua's C interface in JavaScript. Strings are bytes.
 *
 * fengari reads its settings when it is loaded: whole numbers print without `.0`, as in Lua 5.1.
 */
import { createRequire } from 'node:module';

export type LuaState = { readonly lua: unique symbol };
export type LuaFunction = (state: LuaState) => number;

type Fengari = {
  readonly to_luastring: (text: string) => Uint8Array;
  readonly lua: {
    readonly LUA_OK: number;
    readonly LUA_TNIL: number;
    readonly LUA_TBOOLEAN: number;
    readonly LUA_TNUMBER: number;
    readonly LUA_TSTRING: number;
    readonly LUA_TTABLE: number;
    readonly LUA_TFUNCTION: number;
    readonly LUA_REGISTRYINDEX: number;
    readonly lua_checkstack: (state: LuaState, count: number) => boolean;
    readonly lua_createtable: (state: LuaState, array: number, fields: number) => void;
    readonly lua_error: (state: LuaState) => number;
    readonly lua_getfield: (state: LuaState, index: number, key: Uint8Array) => number;
    readonly lua_getglobal: (state: LuaState, name: Uint8Array) => number;
    readonly lua_gettop: (state: LuaState) => number;
    readonly lua_next: (state: LuaState, index: number) => number;
    readonly lua_pcall: (state: LuaState, args: number, results: number, handler: number) => number;
    readonly lua_pop: (state: LuaState, count: number) => void;
    readonly lua_pushboolean: (state: LuaState, value: boolean) => void;
    readonly lua_pushcfunction: (state: LuaState, run: LuaFunction) => void;
    readonly lua_pushinteger: (state: LuaState, value: number) => void;
    readonly lua_pushlstring: (state: LuaState, text: Uint8Array, length: number) => Uint8Array;
    readonly lua_pushnil: (state: LuaState) => void;
    readonly lua_pushnumber: (state: LuaState, value: number) => void;
    readonly lua_pushstring: (state: LuaState, text: Uint8Array) => Uint8Array;
    readonly lua_pushvalue: (state: LuaState, index: number) => void;
    readonly lua_rawgeti: (state: LuaState, index: number, at: number) => number;
    readonly lua_rawseti: (state: LuaState, index: number, at: number) => void;
    readonly lua_setfield: (state: LuaState, index: number, key: Uint8Array) => void;
    readonly lua_setglobal: (state: LuaState, name: Uint8Array) => void;
    readonly lua_settop: (state: LuaState, index: number) => void;
    readonly lua_toboolean: (state: LuaState, index: number) => boolean;
    readonly lua_tojsstring: (state: LuaState, index: number) => string;
    readonly lua_tonumber: (state: LuaState, index: number) => number;
    readonly lua_type: (state: LuaState, index: number) => number;
  };
  readonly lauxlib: {
    readonly luaL_loadbuffer: (state: LuaState, text: Uint8Array, length: number, name: Uint8Array) => number;
    readonly luaL_newstate: () => LuaState;
    readonly luaL_ref: (state: LuaState, table: number) => number;
    readonly luaL_requiref: (state: LuaState, name: Uint8Array, open: LuaFunction, global: number) => void;
  };
  readonly lualib: {
    readonly luaopen_base: LuaFunction;
    readonly luaopen_math: LuaFunction;
    readonly luaopen_string: LuaFunction;
    readonly luaopen_table: LuaFunction;
  };
};

process.env.FENGARICONF = JSON.stringify({ LUA_COMPAT_FLOATSTRING: true });

const require = createRequire(import.meta.url);

export const { lua, lauxlib, lualib, to_luastring } = require('fengari') as Fengari;
