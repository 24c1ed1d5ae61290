/** Commands about the node itself: role, configuration, functions, replication. They need no data and no client. */
import { RedisError, type RedisReply } from '@holdfast/ha-core';
import { argument, refuse, wholeNumber } from './command-table.ts';
import { dataSetBytes } from './data-set.ts';
import { loadLibrary } from './lua-library.ts';
import { offsetOf, type RedisServerState, type RedisSettings } from './server-state.ts';

/** What the server must do itself because of a command. */
export type ServerActions = {
  /** Becomes a replica of the endpoint, or a primary. */
  readonly follow: (of: { host: string; port: number } | undefined) => void;
  /** Ends the connections of clients of a kind, but not the one that asks; how many. */
  readonly killClients: (kind: 'normal' | 'pubsub') => number;
  /** Tells the subscribers of a channel; how many there are. */
  readonly publish: (channel: string, text: string) => number;
  readonly pauseWrites: (ms: number) => void;
  readonly resumeWrites: () => void;
  readonly propagate: (effect: readonly string[]) => void;
};

/** Runs such a command; undefined when it is none of them. */
export function runServerCommand(
  state: RedisServerState,
  actions: ServerActions,
  name: string,
  args: readonly string[],
): RedisReply | undefined {
  switch (name) {
    case 'PING':
      return args[0] ?? 'PONG';
    case 'ROLE':
      return roleReply(state);
    case 'INFO':
      return infoText(state, args);
    case 'CONFIG':
      return configReply(state, args);
    case 'FUNCTION':
      return functionReply(state, actions, args);
    case 'REPLICAOF':
    case 'SLAVEOF': {
      const [host, port] = [argument(args, 0), argument(args, 1)];
      const none = host.toUpperCase() === 'NO' && port.toUpperCase() === 'ONE';
      actions.follow(none ? undefined : { host, port: wholeNumber(port, 'ERR Invalid master port') });
      return 'OK';
    }
    case 'CLIENT':
      return clientReply(actions, args);
    case 'PUBLISH': {
      const [channel, text] = [argument(args, 0), argument(args, 1)];
      // A replica's history is its primary's alone.
      if (state.primary === undefined) actions.propagate(['PUBLISH', channel, text]);
      return actions.publish(channel, text);
    }
    default:
      return undefined;
  }
}

export const SERVER_COMMANDS = new Set([
  'PING',
  'ROLE',
  'INFO',
  'CONFIG',
  'FUNCTION',
  'REPLICAOF',
  'SLAVEOF',
  'CLIENT',
  'PUBLISH',
]);

function clientReply(actions: ServerActions, args: readonly string[]): RedisReply {
  const [what, ...words] = args.map((arg) => arg.toUpperCase());
  switch (what) {
    case 'KILL': {
      const [type, kind] = words;
      const others = words[2] === undefined || (words[2] === 'SKIPME' && words[3] === 'YES');
      if (type !== 'TYPE' || (kind !== 'NORMAL' && kind !== 'PUBSUB') || !others)
        return refuse('ERR syntax error');
      return actions.killClients(kind === 'NORMAL' ? 'normal' : 'pubsub');
    }
    case 'PAUSE':
      if (words[1] !== 'WRITE') return refuse('ERR CLIENT PAUSE mode must be WRITE or ALL');
      actions.pauseWrites(wholeNumber(argument(words, 0), 'ERR timeout is not an integer or out of range'));
      return 'OK';
    case 'UNPAUSE':
      actions.resumeWrites();
      return 'OK';
    default:
      return refuse(`ERR unknown subcommand '${args[0] ?? ''}'. Try CLIENT HELP.`);
  }
}

function roleReply(state: RedisServerState): RedisReply {
  const { primary } = state;
  if (primary !== undefined) {
    const reached = primary.state === 'connected' ? offsetOf(state) : -1;
    return ['slave', primary.of.host, primary.of.port, primary.state, reached];
  }
  const online = [...state.replicas.values()].filter((replica) => replica.online);
  const replicas = online.map(({ endpoint, acknowledgedOffset }) => [
    endpoint.host,
    String(endpoint.port),
    String(acknowledgedOffset),
  ]);
  return ['master', offsetOf(state), replicas];
}

function infoText(state: RedisServerState, args: readonly string[]): string {
  const wanted = args.map((section) => section.toLowerCase());
  const sections: Record<string, () => string[]> = {
    server: () => ['redis_version:7.0.15', `run_id:${state.runId}`, `tcp_port:${state.endpoint.port}`],
    memory: () => [
      `used_memory:${dataSetBytes(state.disk.data)}`,
      `maxmemory:${state.settings.maxmemory}`,
      'maxmemory_policy:noeviction',
    ],
    replication: () => replicationLines(state),
  };
  return (
    Object.entries(sections)
      // Without a section: what Sentinel reads. Memory is counted anew each time, which takes long.
      .filter(([section]) => (wanted.length === 0 ? section !== 'memory' : wanted.includes(section)))
      .map(
        ([section, lines]) =>
          `# ${section.slice(0, 1).toUpperCase()}${section.slice(1)}\r\n${lines().join('\r\n')}\r\n`,
      )
      .join('\r\n')
  );
}

function replicationLines(state: RedisServerState): string[] {
  const nowMs = state.process.host.monotonicMs();
  const { primary } = state;
  const role =
    primary === undefined
      ? ['role:master']
      : [
          'role:slave',
          `master_host:${primary.of.host}`,
          `master_port:${primary.of.port}`,
          `master_link_status:${primary.state === 'connected' ? 'up' : 'down'}`,
          ...(primary.state === 'connected'
            ? []
            : [`master_link_down_since_seconds:${downSeconds(primary.downSinceMs, nowMs)}`]),
          // A node that has not synchronised since it started says 1.
          `slave_repl_offset:${primary.state === 'connected' ? offsetOf(state) : Math.max(1, offsetOf(state))}`,
          `slave_priority:${state.settings['replica-priority']}`,
        ];
  const replicas = [...state.replicas.values()].map(
    (replica, index) =>
      `slave${index}:ip=${replica.endpoint.host},port=${replica.endpoint.port},` +
      `state=${replica.online ? 'online' : 'wait_bgsave'},offset=${replica.acknowledgedOffset},` +
      `lag=${Math.floor((nowMs - replica.acknowledgedAtMs) / 1000)}`,
  );
  return [
    ...role,
    `connected_slaves:${state.replicas.size}`,
    ...replicas,
    `master_replid:${state.log.id}`,
    `master_repl_offset:${offsetOf(state)}`,
  ];
}

/** -1 where the link never was up. */
const downSeconds = (sinceMs: number | undefined, nowMs: number): number =>
  sinceMs === undefined ? -1 : Math.floor((nowMs - sinceMs) / 1000);

function configReply(state: RedisServerState, args: readonly string[]): RedisReply {
  const known = (name: string): name is keyof RedisSettings => Object.hasOwn(state.settings, name);
  switch (argument(args, 0).toUpperCase()) {
    case 'GET': {
      const name = argument(args, 1).toLowerCase();
      if (name === 'appendfsync') return [name, 'always'];
      return known(name) ? [name, String(state.settings[name])] : [];
    }
    case 'SET': {
      const name = argument(args, 1).toLowerCase();
      if (!known(name)) return refuse(`ERR Unknown option or number of arguments for CONFIG SET - '${name}'`);
      state.settings[name] = wholeNumber(argument(args, 2));
      return 'OK';
    }
    case 'REWRITE':
      state.disk.replicaOf = state.primary?.of;
      return 'OK';
    default:
      return refuse(`ERR unknown subcommand '${argument(args, 0)}'. Try CONFIG HELP.`);
  }
}

function functionReply(state: RedisServerState, actions: ServerActions, args: readonly string[]): RedisReply {
  const { libraries } = state.disk.data;
  switch (argument(args, 0).toUpperCase()) {
    case 'LOAD': {
      const replace = argument(args, 1).toUpperCase() === 'REPLACE';
      const library = loadLibrary(argument(args, replace ? 2 : 1));
      if (!replace && libraries.has(library.name))
        return refuse(`ERR Library '${library.name}' already exists`);
      libraries.set(library.name, library.source);
      actions.propagate(['FUNCTION', 'LOAD', 'REPLACE', library.source]);
      return library.name;
    }
    case 'LIST': {
      const options = args.slice(1).map((option) => option.toUpperCase());
      const named = options.indexOf('LIBRARYNAME');
      const only = named === -1 ? undefined : args[named + 2];
      return [...libraries]
        .filter(([name]) => only === undefined || only === name)
        .map(([name, source]) => libraryReply(name, source, options.includes('WITHCODE')));
    }
    default:
      return refuse(`ERR unknown subcommand '${argument(args, 0)}'. Try FUNCTION HELP.`);
  }
}

function libraryReply(name: string, source: string, withCode: boolean): RedisReply {
  const functions = [...loadLibrary(source).functions].map(([function_, row]) => [
    'name',
    function_,
    'description',
    null,
    'flags',
    [...row.flags],
  ]);
  const code = withCode ? ['library_code', source] : [];
  return ['library_name', name, 'engine', 'LUA', 'functions', functions, ...code];
}

/** What a write is refused with at this moment, or undefined. */
export function refusedWrite(state: RedisServerState, denyOom: boolean): RedisError | undefined {
  if (state.primary !== undefined)
    return new RedisError("READONLY You can't write against a read only replica.");
  const least = state.settings['min-replicas-to-write'];
  if (denyOom && state.settings.maxmemory > 0 && dataSetBytes(state.disk.data) > state.settings.maxmemory) {
    return new RedisError("OOM command not allowed when used memory > 'maxmemory'.");
  }
  if (least > 0 && state.goodReplicas < least)
    return new RedisError('NOREPLICAS Not enough good replicas to write.');
  return undefined;
}
