/**
 * Executes one command on a simulated Redis: looks it up, refuses what the node may not do now, runs it, and collects
 * its effects into one entry of the log. A function call is one command with many effects.
 */
import { type Command, RedisError, type RedisReply } from '@holdfast/ha-core';
import type { CommandContext, CommandRow, CommandTable } from './command-table.ts';
import { HASH_COMMANDS, KEY_COMMANDS, SORTED_SET_COMMANDS } from './hash-commands.ts';
import { loadLibrary, type LuaLibrary } from './lua-library.ts';
import type { Effect } from './replication-log.ts';
import { refusedWrite, runServerCommand, SERVER_COMMANDS, type ServerActions } from './server-commands.ts';
import type { RedisServerState } from './server-state.ts';
import { STREAM_COMMANDS } from './stream-commands.ts';

const TABLE: CommandTable = { ...HASH_COMMANDS, ...KEY_COMMANDS, ...SORTED_SET_COMMANDS, ...STREAM_COMMANDS };

export type CommandRunner = {
  /** An error when the command is unknown, has the wrong number of arguments, or may not run now. */
  readonly check: (command: Command) => RedisError | undefined;
  /** Executes a command whatever `check` says; returns its reply, errors as values. */
  readonly execute: (command: Command) => RedisReply;
  /** Is this held back by a pause of writes? Every FCALL is, and PUBLISH, which is replicated. */
  readonly writes: (command: Command) => boolean;
  /** Applies what another node executed. */
  readonly apply: (effect: Effect) => void;
  /** What was changed since the last call of this. */
  readonly takeEffects: () => Effect[];
  readonly context: CommandContext;
};

export function createCommandRunner(
  state: RedisServerState,
  actions: Omit<ServerActions, 'propagate'>,
  grown: (key: string) => void,
): CommandRunner {
  let effects: Effect[] = [];
  const propagate = (effect: Effect): void => {
    effects.push(effect);
  };
  const context: CommandContext = {
    get data() {
      return state.disk.data;
    },
    wallMs: state.process.host.wallMs,
    propagate,
    grown,
  };
  const serverActions = { ...actions, propagate };

  const functionOf = (
    args: readonly string[],
  ): { library: LuaLibrary; denyOom: boolean; writes: boolean } | undefined => {
    for (const source of state.disk.data.libraries.values()) {
      const library = loadLibrary(source);
      const row = library.functions.get(args[0] ?? '');
      if (row === undefined) continue;
      const writes = !row.flags.has('no-writes');
      return { library, writes, denyOom: writes && !row.flags.has('allow-oom') };
    }
    return undefined;
  };

  const check = (command: Command): RedisError | undefined => {
    const [given, ...args] = command;
    const name = given.toUpperCase();
    if (name === 'FCALL') {
      if (args.length < 2) return wrongArity(name);
      const found = functionOf(args);
      return found?.writes === true ? refusedWrite(state, found.denyOom) : undefined;
    }
    if (name === 'FUNCTION' && args[0]?.toUpperCase() === 'LOAD') return refusedWrite(state, true);
    if (SERVER_COMMANDS.has(name) || name === 'WAIT' || name === 'SUBSCRIBE') return undefined;
    const row = rowOf(name);
    if (row === undefined) return unknownCommand(given, args);
    if (args.length < row.least || (row.most !== undefined && args.length > row.most))
      return wrongArity(name);
    return row.writes ? refusedWrite(state, row.denyOom === true) : undefined;
  };

  const call = (name: string, args: readonly string[], whole: readonly string[]): RedisReply => {
    try {
      const row = rowOf(name);
      if (row === undefined) return new RedisError('ERR Unknown Redis command called from script');
      if (args.length < row.least || (row.most !== undefined && args.length > row.most))
        return wrongArity(name);
      return row.run(context, args, whole);
    } catch (error) {
      if (error instanceof RedisError) return error;
      throw error;
    }
  };

  const callFunction = (args: readonly string[]): RedisReply => {
    const found = functionOf(args);
    if (found === undefined) return new RedisError('ERR Function not found');
    const keys = Number(args[1]);
    if (!Number.isInteger(keys)) return new RedisError('ERR Bad number of keys provided');
    if (keys < 0) return new RedisError("ERR Number of keys can't be negative");
    if (keys > args.length - 2)
      return new RedisError("ERR Number of keys can't be greater than number of args");
    const given = args.slice(2);
    return found.library.run(args[0] ?? '', given.slice(0, keys), given.slice(keys), (command) =>
      call((command[0] ?? '').toUpperCase(), command.slice(1), command),
    );
  };

  const execute = (command: Command): RedisReply => {
    const [given, ...args] = command;
    const name = given.toUpperCase();
    try {
      if (name === 'FCALL') return callFunction(args);
      if (SERVER_COMMANDS.has(name)) return runServerCommand(state, serverActions, name, args) ?? null;
      return call(name, args, [name, ...args]);
    } catch (error) {
      if (error instanceof RedisError) return error;
      throw error;
    }
  };

  return {
    check,
    execute,
    writes: (command) => {
      const name = command[0].toUpperCase();
      return name === 'FCALL' || name === 'PUBLISH' || rowOf(name)?.writes === true;
    },
    apply: (effect) => {
      const [name, ...args] = effect;
      const reply = name === undefined ? null : execute([name, ...args]);
      if (reply instanceof RedisError)
        throw new Error(`a replica cannot apply ${effect.join(' ')}: ${reply.message}`);
      effects = [];
    },
    takeEffects: () => {
      const taken = effects;
      effects = [];
      return taken;
    },
    context,
  };
}

const rowOf = (name: string): CommandRow | undefined =>
  Object.hasOwn(TABLE, name) ? TABLE[name] : undefined;

const wrongArity = (name: string): RedisError =>
  new RedisError(`ERR wrong number of arguments for '${name.toLowerCase()}' command`);

function unknownCommand(name: string, args: readonly string[]): RedisError {
  const begin = args.map((arg) => `'${arg}' `).join('');
  return new RedisError(`ERR unknown command '${name}', with args beginning with: ${begin}`.slice(0, 256));
}
